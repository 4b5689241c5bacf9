"""The one clock: aware UTC, and the day as the school's calendar has it. Nothing else asks the system for the time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_zone = ZoneInfo("UTC")


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def is_in(time_zone: str) -> None:
    """The school is there: said by whoever reads its settings, which every request and every round of a worker does."""
    global _zone
    _zone = ZoneInfo(time_zone)


def today() -> date:
    """The day at the school: a role that holds until Friday holds until its midnight, not until that of London."""
    return now().astimezone(_zone).date()
