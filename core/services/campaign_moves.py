"""A campaign that was launched: pause, go on, cancel."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, NotFound
from core.models import Campaign, CampaignStatus
from core.permissions import Actor, Permission
from core.rules.launch_limits import PAUSED_BY_STAFF
from core.services import audit
from core.services import delivery_statements as statements

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
    result = db.connection().execute(statements.CANCEL_WAITING, {"campaign": campaign_id, "now": clock.now()})
    return int(result.rowcount)


def _refuse_unapproved(db: Session, campaign_id: int) -> None:
    """Once given, an approval stays, so this need not be one statement with the move."""
    campaign = db.get(Campaign, campaign_id, populate_existing=True)
    if campaign is not None and campaign.needs_approval:
        raise Conflict("Another administrator has to look at this campaign first.")


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
