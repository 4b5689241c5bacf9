"""What follows when an address is no longer a person's: it opens nothing any more, and is told (R17, R23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.models import (
    Account,
    Campaign,
    CampaignKind,
    Invitation,
    Message,
    MessageAccount,
    MessageStatus,
    SignInSession,
    Superseded,
)
from core.permissions import Actor
from core.rules.delivery_status import ADDRESS_CHANGED
from core.services import address_notices, family_messages
from core.tables import moved_addresses

EMAILS = ("personal_email", "contact_email", "external_email")  # of a person, to which links may have gone
NUMBERS = ("mobile", "phone")
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class Moved:
    """What followed: how many open invitations ended, and the campaigns that write to the addresses.

    The caller starts the campaigns after the commit.
    """

    invitations_ended: int = 0
    notices: tuple[int, ...] = ()


def standing(db: Session, account_ids: Sequence[int]) -> dict[int, str]:
    """Where the messages of these accounts go before a change, empty for nowhere; nobody else changes it."""
    found: dict[int, str] = {}
    for part in database.slices(account_ids):
        found |= dict.fromkeys(part, "") | moved_addresses.now(db, part, hold=True)
    return found


def follow(db: Session, actor: Actor, *, before: dict[int, str]) -> Moved:
    """After the change: where messages go elsewhere now, whatever was handed out before ends, and sessions too.

    Only the session of whoever changes their own address goes on. The old address is told, and whoever is verified is
    asked to confirm the new one.
    """
    ended, left, new = 0, dict[int, str](), list[int]()
    for part in database.slices(list(before)):
        after = moved_addresses.now(db, part)
        moved = {
            account_id: before[account_id] for account_id in part if after.get(account_id, "") != before[account_id]
        }
        old = {account_id: address for account_id, address in moved.items() if address}
        if old:
            _cancel_waiting(db, list(old.items()))
            ended += _end(db, list(old), sa.true())
            _end_sessions(db, list(old), but=actor.session_id or "")
        left |= old
        new += [account_id for account_id in moved if account_id in after]
    told = address_notices.tell_left(db, actor, left=left)
    asked = address_notices.ask_to_confirm(db, actor, account_ids=new)
    return Moved(ended, tuple(campaign for campaign in (told, asked) if campaign is not None))


def close(db: Session, pairs: Sequence[tuple[int, str]]) -> int:
    """End the open invitations of these accounts to these addresses, and the messages that wait to go there.

    Gives how many ended.
    """
    ended = 0
    for part in database.slices(pairs):
        _cancel_waiting(db, part)
        theirs = sa.tuple_(col(Invitation.account_id), col(Invitation.address)).in_(part)
        ended += _end(db, sorted({account_id for account_id, _address in part}), theirs)
    return ended


def close_numbers(db: Session, taken: Sequence[tuple[int, str]]) -> int:
    """The same for numbers that these people had: what went there for the students they answer for ends too (R105)."""
    return close(db, moved_addresses.numbers_left(db, taken))


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
    query = sa.select(col(Message.id), col(MessageAccount.account_id))
    query = query.join(MessageAccount, col(MessageAccount.message_id) == col(Message.id))
    query = query.join(Campaign, col(Campaign.id) == col(Message.campaign_id)).where(
        sa.tuple_(col(MessageAccount.account_id), col(Message.address)).in_(pairs),
        col(Message.status) == MessageStatus.QUEUED,
        col(Campaign.kind) != CampaignKind.ADDRESS_CHANGED,
    )
    leaving: dict[int, list[int]] = {}
    for message_id, account_id in db.execute(query.order_by(col(Message.id)).with_for_update(of=Message)):
        leaving.setdefault(message_id, []).append(account_id)
    for part in database.slices(list(leaving)):
        families = _families(db, part, leaving)
        for message_id in families:
            family_messages.take_out(db, message_id=message_id, account_ids=leaving[message_id], why=ADDRESS_CHANGED)
        alone = [message_id for message_id in part if message_id not in families]
        cancel = sa.update(Message).where(col(Message.id).in_(alone)).values(_cancelled())
        db.execute(cancel.execution_options(**_QUIET))


def _families(db: Session, message_ids: Sequence[int], leaving: Mapping[int, list[int]]) -> frozenset[int]:
    """The messages that are for others too."""
    tied = sa.select(col(MessageAccount.message_id), sa.func.count()).group_by(col(MessageAccount.message_id))
    rows = db.execute(tied.where(col(MessageAccount.message_id).in_(message_ids)))
    return frozenset(message_id for message_id, people in rows if people > len(leaving[message_id]))


def _cancelled() -> dict[str, Any]:
    return {"status": MessageStatus.CANCELLED, "detail": ADDRESS_CHANGED, "finished_at": clock.now()}
