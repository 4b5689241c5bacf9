"""Whether all sending is held, and what waited when the restored backup was made."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Campaign, Message, MessageStatus, SendingHold


def read(db: Session) -> SendingHold | None:
    """The hold; None where sending goes on."""
    return db.get(SendingHold, 1)


def waited(hold: SendingHold) -> sa.ColumnElement[bool]:
    """Messages that were queued in the backup and were due before it was restored: they may have gone out since."""
    due = sa.select(col(Campaign.id)).where(
        col(Campaign.starts_at) <= hold.since, col(Campaign.launched_at) <= hold.since
    )
    return sa.and_(col(Message.status) == MessageStatus.QUEUED, col(Message.campaign_id).in_(due))


def doubtful(db: Session, hold: SendingHold) -> int:
    """How many of them there are."""
    if hold.restored_from is None:
        return 0
    return db.scalar(sa.select(sa.func.count()).select_from(Message).where(waited(hold))) or 0
