"""A channel that puts everything off rests; a campaign in which everything fails pauses."""

from __future__ import annotations

import pytest

from core.delivery import breaker, streaks
from core.delivery.breaker import Breaker
from core.models import MessageStatus


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the breaker; the last entry is now."""
    now = [1000.0]
    monkeypatch.setattr(breaker.time, "monotonic", lambda: now[-1])
    return now


def test_after_five_in_a_row_the_channel_rests_and_each_time_twice_as_long(seconds: list[float]) -> None:
    line = Breaker()
    for _message in range(4):
        line.failed()
    assert line.resting() == 0
    line.failed()
    assert line.resting() == 30
    line.failed()  # another slot that was under way
    assert line.resting() == 30
    seconds.append(seconds[-1] + 31)
    assert line.resting() == 0
    line.failed()
    assert line.resting() == 60
    for _time in range(10):
        seconds.append(seconds[-1] + 3600)
        line.failed()
    assert line.resting() == 900


def test_what_the_provider_asks_for_is_obeyed_at_once(seconds: list[float]) -> None:
    line = Breaker()
    line.failed(retry_after=120)
    assert line.resting() == 120


def test_one_success_closes_it(seconds: list[float]) -> None:
    line = Breaker()
    for _message in range(5):
        line.failed()
    line.succeeded()
    assert line.resting() == 0
    line.failed()
    assert line.resting() == 0


def test_channels_rest_alone() -> None:
    assert breaker.of("sms") is not breaker.of("email")
    assert breaker.of("sms") is breaker.of("sms")


def test_a_streak_counts_failures_in_a_row_over_all_slots_and_ends_with_a_success() -> None:
    streaks.forget(7)
    assert [streaks.after(7, MessageStatus.FAILED) for _ in range(3)] == [1, 2, 3]
    assert streaks.after(7, MessageStatus.QUEUED) == 0
    assert streaks.after(7, MessageStatus.UNKNOWN) == 4
    assert streaks.after(8, MessageStatus.FAILED) == 1
    assert streaks.after(7, MessageStatus.SENT) == 0
    assert streaks.after(7, MessageStatus.FAILED) == 1
    streaks.forget(7)
    streaks.forget(8)
