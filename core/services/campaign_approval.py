"""Campaigns to very many wait until another administrator has looked at them (R32)."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session

from core import clock
from core.config import settings
from core.errors import Conflict, NotAllowed, NotFound, Sought
from core.models import Campaign, CampaignStatus
from core.permissions import Actor, Permission
from core.services import audit


def approve(db: Session, actor: Actor, *, campaign_id: int) -> Campaign:
    """Let it leave, after time to change one's mind; the caller starts the engine after the commit.

    Refuses whoever launched it. Two who approve at once: one does, the other hears Conflict.
    """
    actor.require(Permission.APPROVE_CAMPAIGNS)
    actor.require_fresh()
    campaign = db.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
    if campaign is None:
        raise NotFound("This campaign is not there any more.")
    if campaign.launched_by is not None and campaign.launched_by == actor.account_id:
        raise NotAllowed(
            "You launched it yourself. Ask another administrator to look at it.",
            by=actor,
            sought=Sought("campaign", campaign_id),
        )
    if not campaign.needs_approval or campaign.status != CampaignStatus.PAUSED:
        raise Conflict("Somebody was quicker: this campaign waits for nobody any more.")
    campaign.needs_approval, campaign.status, campaign.pause_reason = False, CampaignStatus.RUNNING, ""
    campaign.starts_at = max(campaign.starts_at, clock.now() + timedelta(seconds=settings().grace_seconds))
    db.add(campaign)
    audit.record(db, actor, action="campaign.approved", object_kind="campaign", object_id=campaign_id)
    return campaign
