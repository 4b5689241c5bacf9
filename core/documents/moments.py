"""Times as people read them, in the school's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(moment: datetime, zone: ZoneInfo) -> str:
    """3 Mar 2027"""
    there = moment.astimezone(zone)
    return f"{there.day} {_MONTHS[there.month - 1]} {there.year}"


def day_and_time(moment: datetime, zone: ZoneInfo) -> str:
    """3 Mar 2027, 14:05"""
    return f"{day(moment, zone)}, {moment.astimezone(zone):%H:%M}"


class Days(dict[str | None, str]):
    """The day of "2027-03-03 12:05" (UTC), worked out once for each minute; a dash for never."""

    def __init__(self, zone: str) -> None:
        super().__init__({None: "–"})
        self._zone = ZoneInfo(zone)

    def __missing__(self, text: str | None) -> str:
        shown = day(datetime.fromisoformat(str(text)).replace(tzinfo=UTC), self._zone)
        self[text] = shown
        return shown
