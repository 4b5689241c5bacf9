"""Who is alive: seen by a beat that changes, whatever any clock on a wall says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.delivery import heartbeat
from core.delivery.heartbeat import Watch

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The steady clock of this process; the last entry is now."""
    now = [1000.0]
    monkeypatch.setattr(heartbeat.time, "monotonic", lambda: now[-1])
    return now


def test_whoever_is_silent_for_a_minute_is_dead_and_a_new_beat_makes_it_alive(seconds: list[float]) -> None:
    watch = Watch()
    assert watch.alive({"web": NOON, "worker": NOON}) == {"web", "worker"}
    seconds.append(1050)
    assert watch.alive({"web": NOON + timedelta(seconds=50), "worker": NOON}) == {"web", "worker"}
    seconds.append(1061)
    assert watch.alive({"web": NOON + timedelta(seconds=50), "worker": NOON}) == {"web"}
    assert watch.alive({"web": NOON, "worker": NOON + timedelta(seconds=1)}) == {"web", "worker"}


@pytest.mark.parametrize("jump", [timedelta(minutes=5), timedelta(minutes=-5), timedelta(hours=-1), timedelta(days=9)])
def test_f12_a_clock_that_jumps_kills_nobody_and_revives_nobody(seconds: list[float], jump: timedelta) -> None:
    watch = Watch()
    assert watch.alive({"elsewhere": NOON + jump, "gone": NOON + jump}) == {"elsewhere", "gone"}
    for beat in range(1, 8):
        seconds.append(seconds[-1] + 10)
        now = NOON + jump * (-1) ** beat + timedelta(seconds=10 * beat)
        alive = watch.alive({"elsewhere": now, "gone": NOON + jump})
    assert alive == {"elsewhere"}


def test_who_left_is_not_among_the_living(seconds: list[float]) -> None:
    watch = Watch()
    watch.alive({"web": NOON})
    assert watch.alive({}) == frozenset()
