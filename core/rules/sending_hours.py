"""When messages may leave: hours of the day in the school's own zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Hours:
    """From the hour `first` until the hour `until` (24: midnight); a whole day is 0 to 24."""

    first: int
    until: int
    zone: ZoneInfo

    def opens(self, now: datetime) -> datetime:
        """The next moment from `now` on at which a message may leave: now itself inside the hours."""
        here = now.astimezone(self.zone)
        if self.first <= here.hour < self.until:
            return now
        day = here.date() + timedelta(days=here.hour >= self.until)
        return datetime.combine(day, time(self.first), self.zone).astimezone(now.tzinfo)

    def day_begins(self, now: datetime) -> datetime:
        """Midnight before `now`: limits per day count from there."""
        return datetime.combine(now.astimezone(self.zone).date(), time(), self.zone).astimezone(now.tzinfo)

    def next_day(self, now: datetime) -> datetime:
        """When limits per day begin anew and messages may leave."""
        tomorrow = now.astimezone(self.zone).date() + timedelta(days=1)
        return self.opens(datetime.combine(tomorrow, time(), self.zone).astimezone(now.tzinfo))
