"""What may have been sent and never goes again by itself: a person says what became of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import Conflict, NotFound
from core.models import Account, Campaign, CampaignStatus, Message, MessageAccount, MessageStatus
from core.permissions import Actor, Permission
from core.rules.delivery_status import FOUND_ARRIVED
from core.services import audit
from core.tables import unknown_messages as table


def note_arrived(db: Session, actor: Actor, *, campaign_id: int, only: Collection[int] | None = None) -> int:
    """A person has found out that these messages did arrive, `only` some of them or all; gives how many."""
    actor.require(Permission.SEND)
    undecided = _undecided(campaign_id, only)
    _accounts_hear(db, undecided)
    values = {"status": MessageStatus.SENT.value, "detail": FOUND_ARRIVED}
    return _decide(db, actor, campaign_id, undecided, "arrived", values)


@dataclass(frozen=True)
class Again:
    """How many go out again, and how many stay undecided because something newer went to their people since."""

    sent: int
    left_out: int


def send_again(db: Session, actor: Actor, *, campaign_id: int, only: Collection[int] | None = None) -> Again:
    """A person decides that these go out again, with the same link; the caller starts the engine.

    Not where the link was replaced since, or a later campaign reached the people: a new link would end the one that
    they have. An e-mail keeps its Message-ID; a campaign that was cancelled stays so.
    """
    actor.require(Permission.SEND)
    campaign = db.get(Campaign, campaign_id, with_for_update=True)
    if campaign is None:
        raise NotFound("This campaign is not there any more.")
    if campaign.status == CampaignStatus.CANCELLED:
        raise Conflict("This campaign was cancelled. Choose the people in the list and send to them anew.")
    undecided = _undecided(campaign_id, only)
    newer = sa.select(col(Message.id)).where(undecided, table.outdated(campaign_id))
    left_out = list(db.scalars(newer))
    if left_out and len(left_out) == db.scalar(sa.select(sa.func.count()).select_from(Message).where(undecided)):
        raise Conflict(_OUTDATED)
    again = sa.and_(undecided, col(Message.id).not_in(newer))
    values = {"status": MessageStatus.QUEUED.value, "finished_at": None, "attempts": 0, "detail": None}
    return Again(_decide(db, actor, campaign_id, again, "sent again", values), len(left_out))


def _undecided(campaign_id: int, only: Collection[int] | None) -> sa.ColumnElement[bool]:
    """Those that are unknown still: the word of a provider that came first stands."""
    mine = sa.and_(col(Message.campaign_id) == campaign_id, col(Message.status) == MessageStatus.UNKNOWN)
    return mine if only is None else sa.and_(mine, col(Message.id).in_(only))


def _accounts_hear(db: Session, undecided: sa.ColumnElement[bool]) -> None:
    mine = sa.select(col(MessageAccount.account_id)).join(Message, col(Message.id) == col(MessageAccount.message_id))
    latest = (col(Account.delivery) == MessageStatus.UNKNOWN, col(Account.id).in_(mine.where(undecided)))
    change = sa.update(Account).where(*latest).values(delivery=MessageStatus.SENT.value)
    db.execute(change.execution_options(synchronize_session=False))


def _decide(
    db: Session,
    actor: Actor,
    campaign_id: int,
    undecided: sa.ColumnElement[bool],
    what: str,
    values: dict[str, Any],
) -> int:
    change = sa.update(Message).where(undecided).values(values)
    result = db.execute(change.execution_options(synchronize_session=False))
    decided = int(result.rowcount)  # type: ignore[attr-defined]
    if not decided:
        raise Conflict("There is nothing left to decide: all of them are known by now.")
    details = {"decided": what, "messages": decided}
    audit.record(
        db, actor, action="campaign.unknown_decided", object_kind="campaign", object_id=campaign_id, details=details
    )
    return decided


_OUTDATED = (
    "Nothing is sent again: their link was replaced since, or a later campaign wrote to them. "
    "Whoever still needs one is chosen in User Accounts and sent to anew."
)
