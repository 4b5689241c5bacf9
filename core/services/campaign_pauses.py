"""Campaigns that pause by themselves: all messages would fail alike, or so many failed one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import AuditEntry, Campaign, CampaignStatus, Message, MessageStatus
from core.permissions import system
from core.rules import delivery_status
from core.services import audit
from core.tables import school

_RESUMED = f"campaign.{CampaignStatus.RUNNING.value}"
_QUIET = {"synchronize_session": False}
_NOT_TRIED = (MessageStatus.QUEUED, MessageStatus.CANCELLED)


def pause(db: Session, *, campaign_id: int, why: str) -> None:
    """Stop a campaign in which every message would fail alike."""
    running = (col(Campaign.id) == campaign_id, col(Campaign.status) == CampaignStatus.RUNNING)
    stop = sa.update(Campaign).where(*running).values(status=CampaignStatus.PAUSED.value, pause_reason=why)
    if db.execute(stop.execution_options(**_QUIET)).rowcount:  # type: ignore[attr-defined]
        audit.record(db, system("delivery"), action="campaign.paused", object_kind="campaign", object_id=campaign_id)


def after_failures(db: Session, *, message_ids: Sequence[int]) -> None:
    """These messages have failed just now, by the word of a provider or of a mail server: pause what goes on so.

    A campaign of which nothing waits any more has nothing to pause.
    """
    if not message_ids:
        return
    campaign, channel, left = col(Campaign.id), col(Campaign.channel), aliased(Message)
    waits = sa.exists().where(col(left.campaign_id) == campaign, col(left.status) == MessageStatus.QUEUED)
    found = sa.select(campaign, channel, sa.func.min(col(Message.id)), sa.func.max(col(Message.id)))
    found = found.join(Message, col(Message.campaign_id) == campaign).where(col(Message.id).in_(message_ids), waits)
    found = found.where(col(Campaign.status) == CampaignStatus.RUNNING).group_by(campaign, channel)
    own = school.settings(db)
    for campaign_id, by, first, last in db.execute(found).all():
        limit = school.pause_after(own, by)
        failed, detail = _longest_row(db, campaign_id, first - limit, last + limit)
        if failed >= limit:
            pause(db, campaign_id=campaign_id, why=delivery_status.why_paused(failed, detail))


def _longest_row(db: Session, campaign_id: int, first: int, last: int) -> tuple[int, str]:
    """How many failed one after the other, and why the last of them did.

    In the order in which they were sent: words about failures are often quicker than words about arrivals. What was
    tried before somebody resumed the campaign is known to them.
    """
    tried = (col(Message.id).between(first, last), col(Message.status).not_in(_NOT_TRIED))
    rows = sa.select(col(Message.status), col(Message.detail)).where(col(Message.campaign_id) == campaign_id, *tried)
    if resumed := _resumed_at(db, campaign_id):
        rows = rows.where(col(Message.claimed_at) > resumed)
    return delivery_status.longest_row(db.execute(rows.order_by(col(Message.id))).all())


def _resumed_at(db: Session, campaign_id: int) -> datetime | None:
    resumed = (col(AuditEntry.object_kind) == "campaign", col(AuditEntry.object_id) == campaign_id)
    return db.scalar(sa.select(sa.func.max(col(AuditEntry.at))).where(*resumed, col(AuditEntry.action) == _RESUMED))
