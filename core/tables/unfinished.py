"""Campaigns that are not finished, as the delivery engine asks for them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from core.models import Campaign, CampaignStatus, Channel, Message, MessageStatus
from core.tables import sending_hold

_LEFT = (MessageStatus.QUEUED, MessageStatus.SENDING)
_UNFINISHED = (
    col(Campaign.status) == CampaignStatus.RUNNING,
    col(Campaign.id).in_(select(Message.campaign_id).where(col(Message.status).in_(_LEFT))),
)


def waiting_batches(db: Session, *, campaign_id: int) -> list[int]:
    """The batches of a running campaign with messages that wait or whose sender may have died."""
    query = select(Message.batch).join(Campaign, col(Campaign.id) == col(Message.campaign_id))
    mine = query.where(Message.campaign_id == campaign_id, col(Message.status).in_(_LEFT))
    running = mine.where(Campaign.status == CampaignStatus.RUNNING)
    return list(db.exec(running.distinct().order_by(col(Message.batch))))


def running_campaigns(db: Session) -> list[int]:
    """The campaigns that are not finished: what the engine goes on with. None while all sending is held."""
    if sending_hold.read(db) is not None:
        return []
    return [campaign_id or 0 for campaign_id in db.exec(select(Campaign.id).where(*_UNFINISHED))]


def busy_channels(db: Session, *, by: datetime) -> set[Channel]:
    """By which channels a campaign that is not finished sends, or begins to before `by`."""
    if sending_hold.read(db) is not None:
        return set()
    asked = select(Campaign.channel).where(*_UNFINISHED, col(Campaign.starts_at) <= by)
    return {Channel(channel) for channel in db.exec(asked.distinct())}


def key_of(db: Session, *, campaign_id: int) -> str | None:
    """The campaign's own key: ids are given anew after a demo was emptied, keys never."""
    return db.exec(select(Campaign.idempotency_key).where(Campaign.id == campaign_id)).first()


def starts_at(db: Session, *, campaign_id: int) -> datetime | None:
    """When the first message of a campaign may leave; None when it is gone."""
    return db.exec(select(Campaign.starts_at).where(Campaign.id == campaign_id)).first()


def channel(db: Session, *, campaign_id: int) -> Channel:
    """By which channel a campaign goes out; e-mail for one that is gone, and sends nothing."""
    return Channel(db.exec(select(Campaign.channel).where(Campaign.id == campaign_id)).first() or Channel.EMAIL)
