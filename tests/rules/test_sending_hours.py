"""Hours for messages, in the school's zone, through the changes of its clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from core.rules.sending_hours import Hours

ATHENS = ZoneInfo("Europe/Athens")
DAY = Hours(8, 21, ATHENS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-23T05:59", "2026-11-23T06:00"),
        ("2026-11-23T06:00", "2026-11-23T06:00"),
        ("2026-11-23T18:59", "2026-11-23T18:59"),
        ("2026-11-23T19:00", "2026-11-24T06:00"),
        ("2026-10-24T20:00", "2026-10-25T06:00"),  # the clocks go back in that night
        ("2027-03-27T20:00", "2027-03-28T05:00"),  # and forward in this one
    ],
)
def test_a_message_leaves_at_the_next_moment_inside_the_hours(now: str, opens: str) -> None:
    assert DAY.opens(at(now)) == at(opens)


def test_a_whole_day_is_always_open() -> None:
    assert Hours(0, 24, ATHENS).opens(at("2026-11-23T23:59")) == at("2026-11-23T23:59")


def test_limits_count_from_midnight_at_the_school() -> None:
    assert DAY.day_begins(at("2026-11-23T22:30")) == at("2026-11-23T22:00")
    assert DAY.day_begins(at("2026-11-23T21:30")) == at("2026-11-22T22:00")
    assert DAY.next_day(at("2026-11-23T12:00")) == at("2026-11-24T06:00")
