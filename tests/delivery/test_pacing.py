"""The rate of a channel: even, however many slots begin in one moment."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from core.delivery import pacing
from core.delivery.pacing import Pacer

RATE = 20


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The steady clock, which goes on while somebody waits; the last entry is now."""
    seconds = [1000.0]
    monkeypatch.setattr(pacing.time, "monotonic", lambda: seconds[-1])
    monkeypatch.setattr(pacing.time, "sleep", lambda wait: seconds.append(seconds[-1] + wait))
    return seconds


@pytest.mark.parametrize("slots", [1, 4, 16])
def test_slots_that_begin_together_send_no_more_in_any_second_than_the_rate(moments: list[float], slots: int) -> None:
    pacer, sent = Pacer(), []
    with ExitStack() as at_work:
        for _slot in range(slots):
            at_work.enter_context(pacer.slot())
        for _message in range(5 * RATE):
            pacer.wait(RATE / slots)
            sent.append(moments[-1])
    assert max(sum(start <= moment < start + 1 for moment in sent) for start in sent) <= RATE + 1
    assert sent[-1] - sent[0] == pytest.approx((5 * RATE - 1) / RATE)


def test_what_was_held_up_together_does_not_leave_in_one_moment(moments: list[float]) -> None:
    pacer, left = Pacer(), []
    with ExitStack() as at_work:
        for _slot in range(4):
            at_work.enter_context(pacer.slot())
        for number in range(5 * RATE):
            pacer.wait(RATE / 4)
            if number % 30 == 29:
                moments.append(moments[-1] + 0.3)  # a commit that took long, and the claims behind it
            pacer.leave(RATE / 4)
            left.append(moments[-1])
    assert max(sum(start <= moment < start + 1 for moment in left) for start in left) <= 1.1 * RATE


def test_campaigns_of_one_message_keep_the_rate_too(moments: list[float]) -> None:
    pacer = Pacer()
    for _campaign in range(6):
        with pacer.slot():
            pacer.wait(RATE / 4)
    assert moments[-1] - moments[0] == pytest.approx(5 * 4 / RATE)


def test_a_message_that_comes_after_a_rest_does_not_wait(moments: list[float]) -> None:
    pacer = Pacer()
    with pacer.slot():
        pacer.wait(1)
        moments.append(moments[-1] + 60)
        waited = len(moments)
        pacer.wait(1)
    assert len(moments) == waited
