"""Campaigns that paused without anybody's doing: a provider turned us away, money was spent, or too many failed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import AuditEntry, Campaign, CampaignKind, CampaignStatus
from core.rules.launch_limits import PAUSED_BY_STAFF

_BY_ITSELF = sa.and_(
    col(Campaign.status) == CampaignStatus.PAUSED,
    sa.not_(col(Campaign.needs_approval)),
    col(Campaign.pause_reason).not_in((PAUSED_BY_STAFF, "")),
)


def reasons(db: Session) -> tuple[str, ...]:
    """Why each of them did."""
    return tuple(db.scalars(sa.select(col(Campaign.pause_reason)).where(_BY_ITSELF).order_by(col(Campaign.id))))


def newest(db: Session, *, since: datetime) -> int | None:
    """The latest one that did so since then. That an alert could not be mailed is no reason for another alert."""
    paused = (col(AuditEntry.action) == "campaign.paused", col(AuditEntry.at) > since)
    query = sa.select(col(Campaign.id)).join(AuditEntry, col(AuditEntry.object_id) == col(Campaign.id))
    query = query.where(_BY_ITSELF, *paused, col(Campaign.kind) != CampaignKind.ALERT)
    return db.scalar(query.order_by(col(AuditEntry.seq).desc()).limit(1))
