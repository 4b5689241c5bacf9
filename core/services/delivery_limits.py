"""What holds a message back at the moment it would be sent: hours, limits of the day, money, tries to one number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import clock
from core.models import Channel, SchoolSettings
from core.rules.sending_hours import Hours
from core.services import delivery_statements as statements
from core.tables import sending

BETWEEN_TWO = timedelta(seconds=60)  # to one number (R78)
NEAR = 1_000  # messages: so few left of a day, and processes count one after the other
OUT_OF_HOURS = "Messages of this kind do not leave at this hour."
FULL_DAY = "The number of messages that may leave on one day is reached."
_POSTGRES_LOCK = 0x4B455953454E4432
_DEAREST = 2  # segments that a text with credentials has at most (R79)


@dataclass(frozen=True)
class Wait:
    """A message, or with `all` the rest of the batch, waits until a moment, for a reason that people can read."""

    until: datetime
    why: str
    all: bool = True


@dataclass(frozen=True)
class Limits:
    """The school's limits for messages of one channel, read once a batch."""

    hours: Hours
    day_begins: datetime
    spend: float
    price: float
    currency: str
    per_number: int
    per_day: int

    @classmethod
    def of(cls, own: SchoolSettings, channel: str) -> Limits:
        hours = sending.hours(own, channel)
        per_day = own.sms_per_day if channel == Channel.SMS else own.email_per_day
        money = (own.sms_spend_per_day, own.sms_price, own.sms_currency)
        return cls(hours, hours.day_begins(clock.now()), *money, own.sms_per_number_per_day, per_day)


def of_the_day(db: Session, *, own: SchoolSettings, channel: str) -> tuple[Wait | None, int]:
    """Why nothing may leave now, if so; and how many messages may leave today."""
    now = clock.now()
    room = sending.room(db, own=own, channel=channel, now=now)
    if room.opens_at > now:
        return Wait(room.opens_at, OUT_OF_HOURS), 0
    if not room.messages:
        return Wait(room.next_day, FULL_DAY), 0
    return None, room.messages


def next_day(own: SchoolSettings, channel: str) -> datetime:
    """When the limits of the day begin anew and messages of this kind may leave."""
    return sending.hours(own, channel).next_day(clock.now())


def left_today(db: Session, limits: Limits, *, channel: str) -> int:
    """How many messages may leave today still; when they are few, nobody else claims one before this is committed."""
    today = {"on_channel": channel, "since": limits.day_begins}
    left = limits.per_day - int(db.connection().execute(statements.CLAIMED, today).scalar_one())
    if left > NEAR or not one_at_a_time(db):
        return left
    return limits.per_day - int(db.connection().execute(statements.CLAIMED, today).scalar_one())


def one_at_a_time(db: Session) -> bool:
    """What is counted from now on holds until the commit; gives whether others may have claimed something until now.

    SQLite has only one writer anyway.
    """
    is_shared = db.get_bind().dialect.name == "postgresql"
    if is_shared:
        db.connection().execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
    return is_shared


def budget_is_spent(db: Session, limits: Limits) -> str:
    """The sentence with which a campaign pauses when the money of the day does not cover another text; else empty."""
    since = {"on_channel": Channel.SMS.value, "since": limits.day_begins}
    spent = float(db.connection().execute(statements.SPENT, since).scalar_one()) * limits.price
    if spent + _DEAREST * limits.price <= limits.spend + 0.005:
        return ""
    return (
        f"The {limits.spend:.2f} {limits.currency} that text messages may cost on one day are spent. Resume tomorrow, "
        "or ask an administrator to raise the limit in Settings."
    )


def wants_none(db: Session, *, message_id: int) -> bool:
    """Whether the owner of the number wrote STOP, if only after the launch (R88)."""
    return bool(db.connection().execute(statements.WANTS_NONE, {"message": message_id}).scalar_one())


def to_this_number(db: Session, limits: Limits, *, message_id: int) -> Wait | str | None:
    """A wait when a message went to the number just now; a reason to fail when it got too many today (R78)."""
    since = {"message": message_id, "on_channel": Channel.SMS.value, "since": clock.now() - timedelta(days=1)}
    times, last = db.connection().execute(statements.TO_THIS_NUMBER, since).one()
    if times >= limits.per_number:
        return f"{times} within 24 hours; send it tomorrow, or raise To one number on one day in Settings"
    if last is not None and last + BETWEEN_TWO > clock.now():
        return Wait(last + BETWEEN_TWO, "A text message went to the same number less than a minute ago.", all=False)
    return None
