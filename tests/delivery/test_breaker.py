"""A channel that puts everything off rests; a campaign in which everything fails pauses."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from core import config
from core.delivery import breaker, streaks
from core.delivery.breaker import Breaker, Limits
from core.delivery.couriers import Courier
from core.errors import GatewayError, GatewayErrorKind
from core.models import MessageStatus
from core.services.delivery_claims import Batch, Claim

LIMITS = Limits(after=5, first_s=30.0, longest_s=900.0)


@pytest.fixture(autouse=True)
def _settings_begin_anew() -> Iterator[None]:
    yield
    config.settings.cache_clear()


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the breaker; the last entry is now."""
    now = [1000.0]
    monkeypatch.setattr(breaker.time, "monotonic", lambda: now[-1])
    return now


def test_after_five_in_a_row_the_channel_rests_and_each_time_twice_as_long(seconds: list[float]) -> None:
    line = Breaker(LIMITS)
    for _message in range(4):
        line.failed()
    assert line.resting() == 0
    line.failed()
    assert (line.resting(), line.asked()) == (30, 0)
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
    line = Breaker(LIMITS)
    line.failed(retry_after=120)
    assert line.resting() == line.asked() == 120


def test_what_the_provider_asks_for_holds_whatever_others_hear_and_no_longer(seconds: list[float]) -> None:
    line = Breaker(LIMITS)
    line.failed(retry_after=120)
    line.succeeded()
    line.failed(retry_after=7)
    assert line.resting() == 120
    seconds.append(seconds[-1] + 121)
    assert line.resting() == 0
    line.failed(retry_after=2)
    assert line.resting() == 2


def test_one_success_closes_it(seconds: list[float]) -> None:
    line = Breaker(LIMITS)
    for _message in range(5):
        line.failed()
    line.succeeded()
    assert line.resting() == 0
    line.failed()
    assert line.resting() == 0


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_channel_rests_after_as_many_and_for_as_long_as_the_operator_has_set(
    seconds: list[float], monkeypatch: pytest.MonkeyPatch, channel: str
) -> None:
    other = {"email": "sms", "sms": "email"}[channel]
    for name, value in (("REST_AFTER", "2"), ("REST_SECONDS", "7"), ("LONGEST_REST_SECONDS", "10")):
        monkeypatch.setenv(f"FIRSTKEY_{channel.upper()}_{name}", value)
    config.settings.cache_clear()
    for line, rests in ((breaker.of(channel), [0, 7]), (breaker.of(other), [0, 0, 0, 0, 30])):
        for rest in rests:
            line.failed()
            assert line.resting() == rest
    seconds.append(seconds[-1] + 100)
    breaker.of(channel).failed()
    assert breaker.of(channel).resting() == 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EMAIL_REST_AFTER", "0"),
        ("SMS_REST_SECONDS", "-1"),
        ("SMS_LONGEST_REST_SECONDS", "29"),
        ("EMAIL_GIVE_UP_HOURS", "0"),
        ("SMS_RATE", "0"),
        ("EMAIL_SLOTS", "0"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"FIRSTKEY_{name}", value)
    with pytest.raises(ValueError, match=f"(?i){name}"):
        config.Settings()


@pytest.mark.parametrize("by_sms", [True, False])
def test_what_is_put_off_fails_after_the_hours_that_the_operator_has_set(
    monkeypatch: pytest.MonkeyPatch, by_sms: bool
) -> None:
    monkeypatch.setenv(f"FIRSTKEY_{'SMS' if by_sms else 'EMAIL'}_GIVE_UP_HOURS", "0.02")  # 72 seconds
    config.settings.cache_clear()
    batch = cast(Batch, SimpleNamespace(channel="sms" if by_sms else "email", is_demo=True))
    courier = Courier(batch)
    busy = GatewayError(GatewayErrorKind.TRANSIENT, "busy")
    found = [courier._outcome(busy, cast(Claim, SimpleNamespace(attempt=attempt))).status for attempt in (1, 2, 3)]
    assert found == ["queued", "queued", "failed"]  # after 30 and 60 seconds


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
