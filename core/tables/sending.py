"""How much may still be sent today, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Channel, Message, SchoolSettings
from core.rules.sending_hours import Hours


@dataclass(frozen=True)
class Room:
    """What the limits leave at a moment. `spend` is money for SMS, None for e-mail."""

    opens_at: datetime
    next_day: datetime
    messages: int
    spend: float | None = None


def hours(own: SchoolSettings, channel: str) -> Hours:
    """SMS wake people up; e-mail may leave at any hour."""
    zone = ZoneInfo(own.time_zone)
    return Hours(own.sms_from_hour, own.sms_until_hour, zone) if channel == Channel.SMS else Hours(0, 24, zone)


def room(db: Session, *, own: SchoolSettings, channel: str, now: datetime) -> Room:
    """What may still be sent today on a channel, over all campaigns."""
    open_hours = hours(own, channel)
    today = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(col(Message.segments)), 0)).where(
        col(Message.channel) == channel, col(Message.claimed_at) >= open_hours.day_begins(now)
    )
    messages, segments = db.execute(today).one()
    per_day = own.sms_per_day if channel == Channel.SMS else own.email_per_day
    spend = own.sms_spend_per_day - segments * own.sms_price if channel == Channel.SMS else None
    return Room(open_hours.opens(now), open_hours.next_day(now), max(0, per_day - messages), spend)
