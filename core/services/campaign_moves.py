"""A campaign that was launched: pause, go on, cancel, and say of what is unknown what became of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, NotFound
from core.models import Account, Campaign, CampaignStatus, Message, MessageAccount, MessageStatus
from core.permissions import Actor, Permission
from core.rules.launch_limits import PAUSED_BY_STAFF
from core.services import audit

_RUNNING, _PAUSED = CampaignStatus.RUNNING, CampaignStatus.PAUSED


def pause(db: Session, actor: Actor, *, campaign_id: int) -> Campaign:
    """Stop before the next message; what is gone is gone."""
    return _move(db, actor, campaign_id, _PAUSED, only_from=(_RUNNING,), reason=PAUSED_BY_STAFF)


def resume(db: Session, actor: Actor, *, campaign_id: int) -> Campaign:
    """Go on with the messages that wait; the caller starts the engine after the commit.

    What waits for a second administrator goes on by their approval only (R32).
    """
    _refuse_unapproved(db, campaign_id)
    return _move(db, actor, campaign_id, _RUNNING, only_from=(_PAUSED,), reason="")


def cancel(db: Session, actor: Actor, *, campaign_id: int) -> int:
    """Send none of the messages that wait; gives how many that are."""
    both = (_RUNNING, _PAUSED)
    _move(db, actor, campaign_id, CampaignStatus.CANCELLED, only_from=both, reason="Cancelled by staff.")
    return _turn(db, campaign_id, MessageStatus.QUEUED, status=MessageStatus.CANCELLED.value, finished_at=clock.now())


def note_arrived(db: Session, actor: Actor, *, campaign_id: int) -> int:
    """A person has found out that what may have been sent did arrive; gives how many."""
    actor.require(Permission.SEND)
    _accounts_hear(db, campaign_id)
    values = {"status": MessageStatus.SENT.value, "detail": "a member of staff found that it arrived"}
    return _decide(db, actor, campaign_id, "arrived", values)


def send_unknown_again(db: Session, actor: Actor, *, campaign_id: int) -> int:
    """A person decides that what may have been sent goes out again, with the same link; the caller starts the engine.

    An e-mail keeps its Message-ID; a campaign that was cancelled stays so.
    """
    actor.require(Permission.SEND)
    campaign = db.get(Campaign, campaign_id, with_for_update=True)
    if campaign is None:
        raise NotFound("This campaign is not there any more.")
    if campaign.status == CampaignStatus.CANCELLED:
        raise Conflict("This campaign was cancelled. Choose the people in the list and send to them anew.")
    values = {"status": MessageStatus.QUEUED.value, "finished_at": None, "attempts": 0, "detail": None}
    return _decide(db, actor, campaign_id, "sent again", values)


def _refuse_unapproved(db: Session, campaign_id: int) -> None:
    """Once given, an approval stays, so this need not be one statement with the move."""
    campaign = db.get(Campaign, campaign_id, populate_existing=True)
    if campaign is not None and campaign.needs_approval:
        raise Conflict("Another administrator has to look at this campaign first.")


def _accounts_hear(db: Session, campaign_id: int) -> None:
    mine = sa.select(col(MessageAccount.account_id)).join(Message, col(Message.id) == col(MessageAccount.message_id))
    unknown = mine.where(col(Message.campaign_id) == campaign_id, col(Message.status) == MessageStatus.UNKNOWN)
    latest = (col(Account.delivery) == MessageStatus.UNKNOWN, col(Account.id).in_(unknown))
    change = sa.update(Account).where(*latest).values(delivery=MessageStatus.SENT.value)
    db.execute(change.execution_options(synchronize_session=False))


def _decide(db: Session, actor: Actor, campaign_id: int, what: str, values: dict[str, Any]) -> int:
    """Conditional on `unknown`: the word of a provider that came first stands."""
    decided = _turn(db, campaign_id, MessageStatus.UNKNOWN, **values)
    if not decided:
        raise Conflict("There is nothing left to decide: all of them are known by now.")
    details = {"decided": what, "messages": decided}
    audit.record(
        db, actor, action="campaign.unknown_decided", object_kind="campaign", object_id=campaign_id, details=details
    )
    return decided


def _turn(db: Session, campaign_id: int, before: MessageStatus, **values: Any) -> int:
    change = sa.update(Message).where(col(Message.campaign_id) == campaign_id, col(Message.status) == before)
    result = db.execute(change.values(values).execution_options(synchronize_session=False))
    return int(result.rowcount)  # type: ignore[attr-defined]


def _move(
    db: Session,
    actor: Actor,
    campaign_id: int,
    to: CampaignStatus,
    *,
    only_from: tuple[CampaignStatus, ...],
    reason: str,
) -> Campaign:
    actor.require(Permission.SEND)
    change = sa.update(Campaign).where(col(Campaign.id) == campaign_id, col(Campaign.status).in_(only_from))
    values = {"status": to.value, "pause_reason": reason, "next_try_at": None, "next_try_why": ""}
    changed = db.execute(change.values(values)).rowcount  # type: ignore[attr-defined]
    campaign = db.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None:
        raise NotFound("This campaign is not there any more.")
    if changed != 1:
        raise Conflict(f"Somebody was quicker: this campaign is {campaign.status} already.")
    audit.record(db, actor, action=f"campaign.{to.value}", object_kind="campaign", object_id=campaign_id)
    return campaign
