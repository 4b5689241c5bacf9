"""What follows when an address is no longer a person's: it opens nothing any more, and is told (R17, R23)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import (
    Account,
    Campaign,
    CampaignKind,
    Channel,
    Invitation,
    Message,
    MessageAccount,
    MessageStatus,
    SignInSession,
    Superseded,
)
from core.permissions import Actor
from core.rules import message_text
from core.services import invitations
from core.tables import moved_addresses, school, wordings
from core.tables.recipients import Recipient

AT_ONCE = 5000
_QUIET = {"synchronize_session": False}
T = TypeVar("T")


@dataclass(frozen=True)
class Moved:
    """What followed: how many open invitations ended, and the campaign that tells the old addresses.

    The caller starts the campaign after the commit.
    """

    invitations_ended: int = 0
    notice: int | None = None


def standing(db: Session, account_ids: Sequence[int]) -> dict[int, str]:
    """Where the messages of these accounts go before a change, as far as they go anywhere; nobody else changes it."""
    found: dict[int, str] = {}
    for part in _parts(account_ids):
        found |= moved_addresses.now(db, part, hold=True)
    return found


def follow(db: Session, actor: Actor, *, before: dict[int, str]) -> Moved:
    """After the change: where messages go elsewhere now, whatever was handed out before ends, and sessions too.

    Only the session of whoever changes their own address goes on.
    """
    ended, told = 0, list[Recipient]()
    for part in _parts(list(before)):
        after = moved_addresses.now(db, part)
        old = {account_id: before[account_id] for account_id in part if after.get(account_id, "") != before[account_id]}
        if old:
            told += _to_tell(db, old)
            _cancel_waiting(db, list(old.items()))
            ended += _end(db, list(old), sa.true())
            _end_sessions(db, list(old), but=actor.session_id or "")
    return Moved(ended, _tell(db, actor, told))


def close(db: Session, *, account_id: int, addresses: Collection[str]) -> int:
    """End the open invitations to these addresses and the messages that wait to go there; gives how many ended."""
    _cancel_waiting(db, [(account_id, address) for address in addresses])
    return _end(db, [account_id], col(Invitation.address).in_(addresses))


def _end(db: Session, account_ids: Sequence[int], which: sa.ColumnElement[bool]) -> int:
    now = clock.now()
    open_ones = (
        col(Invitation.account_id).in_(account_ids),
        col(Invitation.used_at).is_(None),
        col(Invitation.superseded_at).is_(None),
        col(Invitation.expires_at) > now,
    )
    because = {"superseded_at": now, "superseded_because": Superseded.ADDRESS_CHANGED.value}
    ending = sa.update(Invitation).where(which, *open_ones).values(because).returning(col(Invitation.account_id))
    ended = list(db.scalars(ending.execution_options(**_QUIET)))
    if ended:
        was_open = (col(Account.id).in_(sorted(set(ended))), col(Account.invitation_ends_at) > now)
        db.execute(sa.update(Account).where(*was_open).values(invitation_ends_at=now).execution_options(**_QUIET))
    return len(ended)


def _end_sessions(db: Session, account_ids: Sequence[int], *, but: str) -> None:
    """Whoever still reads the old address may have signed in by what came there."""
    theirs = (col(SignInSession.account_id).in_(account_ids), col(SignInSession.id) != but)
    live = sa.update(SignInSession).where(*theirs, col(SignInSession.ended_at).is_(None))
    db.execute(live.values(ended_at=clock.now()).execution_options(**_QUIET))


def _cancel_waiting(db: Session, pairs: Sequence[tuple[int, str]]) -> None:
    """A launch freezes addresses: without this a message that still waits would carry a new link to the old one."""
    if not pairs:
        return
    mine = sa.select(col(MessageAccount.message_id)).join(Campaign, col(Campaign.id) == col(MessageAccount.campaign_id))
    mine = mine.join(Message, col(Message.id) == col(MessageAccount.message_id))
    links = mine.where(
        sa.tuple_(col(MessageAccount.account_id), col(Message.address)).in_(pairs),
        col(Campaign.kind) != CampaignKind.ADDRESS_CHANGED,
    )
    waiting = (col(Message.id).in_(links), col(Message.status) == MessageStatus.QUEUED)
    values = {
        "status": MessageStatus.CANCELLED,
        "detail": "the address was changed",
        "finished_at": clock.now(),
    }
    db.execute(sa.update(Message).where(*waiting).values(values).execution_options(**_QUIET))


def _to_tell(db: Session, old: dict[int, str]) -> Iterator[Recipient]:
    """Whom to tell at the old address. Nobody is told who was never written to, or whose address bounced."""
    texts = wordings.newest(db, kind=CampaignKind.ADDRESS_CHANGED, channel=Channel.EMAIL)
    if "en" not in texts:
        return
    spoken = school.settings(db).default_language
    for account_id, language in moved_addresses.who_would_know(db, old):
        yield Recipient(account_id, old[account_id], message_text.language(language or spoken, texts))


def _tell(db: Session, actor: Actor, to: Sequence[Recipient]) -> int | None:
    """Queue the notice; it says nothing that opens anything, and not where messages go now."""
    if not to:
        return None
    campaign = Campaign(
        kind=CampaignKind.ADDRESS_CHANGED,
        channel=Channel.EMAIL,
        idempotency_key=secrets.token_hex(16),
        wording_ids=wordings.newest(db, kind=CampaignKind.ADDRESS_CHANGED, channel=Channel.EMAIL),
        link_days=school.settings(db).link_days,
        launched_by=actor.account_id,
        launched_by_label=actor.label,
        launched_at=clock.now(),
        starts_at=clock.now(),
        recipients=len(to),
        recipients_digest="",
    )
    return invitations.queue(db, campaign=campaign, to=to)


def _parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))
