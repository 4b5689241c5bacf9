"""Times as people read them, in the school's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(moment: datetime, zone: ZoneInfo) -> str:
    """3 Mar 2027"""
    there = moment.astimezone(zone)
    return f"{there.day} {MONTHS[there.month - 1]} {there.year}"


def day_and_time(moment: datetime, zone: ZoneInfo) -> str:
    """3 Mar 2027, 14:05"""
    return f"{day(moment, zone)}, {moment.astimezone(zone):%H:%M}"


class Days(dict[str | None, str]):
    """The day of "2027-03-03 22:05" (UTC); a dash for never. Works out once for each date where midnight falls.

    Keeps no moment: nearly each is another, and 100,000 of them would stay in memory.
    """

    def __init__(self, zone: str) -> None:
        super().__init__({None: "–"})
        self._zone = ZoneInfo(zone)
        self._dates: dict[str, tuple[str, str, str]] = {}

    def __missing__(self, text: str | None) -> str:
        date = str(text)[:10]
        if date not in self._dates:
            self._dates[date] = self._around(date)
        midnight, before, after = self._dates[date]
        return before if str(text) < midnight else after

    def _around(self, date: str) -> tuple[str, str, str]:
        """The moment in UTC at which the school's day changes on that date of UTC, the day before and the day after."""
        first = datetime.fromisoformat(date).replace(tzinfo=UTC)
        last = (first + timedelta(hours=23, minutes=59)).astimezone(self._zone)
        midnight = last.replace(hour=0, minute=0).astimezone(UTC)
        return f"{midnight:%Y-%m-%d %H:%M}", day(first, self._zone), day(last, self._zone)
