"""When a run of reminders is due: hours and days of the school, whatever its zone and the time of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from core.rules.reminders import Schedule

ATHENS = Schedule(10, ZoneInfo("Europe/Athens"))


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 11, 23, 7, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 23, 8, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 23, 15, 59, tzinfo=UTC), date(2026, 11, 23)),  # the server was off in the morning
        (datetime(2026, 11, 23, 16, 0, tzinfo=UTC), None),  # 18:00: too late for today
        (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), date(2026, 7, 1)),  # summer time
        (datetime(2026, 11, 23, 22, 30, tzinfo=UTC), None),  # the next day there, in the night
    ],
)
def test_a_run_is_due_inside_the_hours_of_the_school(now: datetime, day: date | None) -> None:
    assert ATHENS.day_due(now) == day


def test_the_next_run_is_today_tomorrow_or_now() -> None:
    early, during = datetime(2026, 11, 23, 6, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)
    late = datetime(2026, 11, 23, 20, tzinfo=UTC)
    today, tomorrow = datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert ATHENS.next_run(early, made_today=False) == today
    assert ATHENS.next_run(during, made_today=False) == during
    assert ATHENS.next_run(during, made_today=True) == tomorrow
    assert ATHENS.next_run(late, made_today=False) == tomorrow


def test_days_are_counted_and_not_hours() -> None:
    reminded = datetime(2026, 11, 18, 8, 0, 40, tzinfo=UTC)
    run = datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC)
    assert reminded < ATHENS.invited_before(run, days=5)
    assert not reminded < ATHENS.invited_before(run, days=6)
