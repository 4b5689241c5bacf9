"""The hours and the limit of a day, kept exactly: a batch that began inside them asks again at every claim.

Messages are counted before every claim when the limit is near, now and then while it is far away.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from core import clock
from core.config import settings
from core.models import Channel
from core.services import delivery_limits
from core.services.delivery_claims import Batch
from core.services.delivery_limits import Wait

_asked: dict[tuple[str, datetime, int], tuple[int, float]] = {}  # what was left, and until when that is good enough


def waits_of(db: Session, batches: Sequence[Batch]) -> dict[int, Wait]:
    """Who of those that would claim a message now has to wait for another hour or day, by place. One message each."""
    waits: dict[int, Wait] = {}
    left: dict[str, int] = {}
    now = clock.now()
    for place, batch in enumerate(batches):
        if (opens_at := batch.limits.hours.opens(now)) > now:
            waits[place] = Wait(opens_at, delivery_limits.OUT_OF_HOURS)
            continue
        if now >= batch.next_day:
            waits[place] = Wait(now, "")  # a batch of yesterday is opened anew
            continue
        room = left[batch.channel] if batch.channel in left else _left(db, batch)
        if room <= 0:
            waits[place] = Wait(batch.next_day, delivery_limits.FULL_DAY)
        left[batch.channel] = room - 1
    return waits


def _left(db: Session, batch: Batch) -> int:
    """Not counted anew before a quarter of what is left could be used up at the set rate, by all processes together."""
    key = (batch.channel, batch.limits.day_begins, batch.limits.per_day)
    room, until = _asked.get(key, (0, 0.0))
    if time.monotonic() < until:
        return room
    room = delivery_limits.left_today(db, batch.limits, channel=batch.channel)
    if room > delivery_limits.NEAR:
        rate = settings().sms_rate if batch.channel == Channel.SMS else settings().email_rate
        _asked.clear()
        _asked[key] = (room, time.monotonic() + room / 4 / rate)
    return room
