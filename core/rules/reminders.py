"""When the reminders of a day are due, and why somebody gets none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

UNTIL = 18  # after that nobody at the school could answer a question; a run that was missed waits for tomorrow
HOUR, AFTER_DAYS, AT_MOST = (7, UNTIL - 1), (2, 30), (1, 5)  # what the settings allow


class NotReminded(StrEnum):
    """Why an unanswered invitation is not sent again, in the order in which it is asked."""

    TOO_SOON = "too_soon"
    WAITING = "waiting"
    OTHER_WAY = "other_way"
    ENOUGH = "enough"


@dataclass(frozen=True)
class Schedule:
    """From which hour on, in the zone of the school, the run of a day is made."""

    hour: int
    zone: ZoneInfo

    def day_due(self, now: datetime) -> date | None:
        """The day whose run may be made at this moment; None outside the hours."""
        here = now.astimezone(self.zone)
        return here.date() if self.hour <= here.hour < UNTIL else None

    def next_run(self, now: datetime, *, made_today: bool) -> datetime:
        """When the next run is made: now where today's is due."""
        here = now.astimezone(self.zone)
        today = here.date() + timedelta(days=made_today or here.hour >= UNTIL)
        return max(now, datetime.combine(today, time(self.hour), self.zone).astimezone(now.tzinfo))

    def invited_before(self, now: datetime, *, days: int) -> datetime:
        """Whoever was invited before this moment is due at `now`. Days are counted, not hours.

        Else somebody reminded at 10:00:30 would be due again a few seconds too late for the run of the right day.
        """
        day = now.astimezone(self.zone).date() - timedelta(days=days - 1)
        return datetime.combine(day, time(), self.zone).astimezone(now.tzinfo)
