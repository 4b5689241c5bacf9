"""Pages are drawn a few at a time, and whoever takes long keeps nobody waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from streamlit.runtime.scriptrunner.script_runner import RerunData, ScriptRunner

from pages.shared import turns
from pages.shared.turns import Turns

LONG_S = 20.0


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


class _Drawing:
    """Somebody's page: begun once it has its turn, over when it is told so."""

    def __init__(self, at: Turns, pool: ThreadPoolExecutor) -> None:
        self.begun, self.over = threading.Event(), threading.Event()
        self.done = pool.submit(self._draw, at)

    def _draw(self, at: Turns) -> None:
        with at.taken():
            self.begun.set()
            assert self.over.wait(LONG_S)


def test_two_draw_at_once_and_the_third_when_one_has_ended() -> None:
    at = Turns(2, LONG_S)
    with ThreadPoolExecutor(3) as pool:
        first, second = _Drawing(at, pool), _Drawing(at, pool)
        _until(lambda: first.begun.is_set() and second.begun.is_set())
        third = _Drawing(at, pool)
        assert not third.begun.wait(0.1)
        second.over.set()
        assert third.begun.wait(LONG_S)
        first.over.set()
        third.over.set()
    assert at._until == {}


def test_whoever_takes_long_counts_no_more() -> None:
    at = Turns(1, 0.05)
    with ThreadPoolExecutor(2) as pool:
        slow = _Drawing(at, pool)
        assert slow.begun.wait(LONG_S)
        quick = _Drawing(at, pool)
        assert quick.begun.wait(LONG_S) and not slow.over.is_set()
        quick.over.set()
        slow.over.set()


def test_a_page_that_fails_gives_its_turn_back() -> None:
    at = Turns(1, LONG_S)
    with pytest.raises(ValueError, match="a fault"), at.taken():
        raise ValueError("a fault")
    with at.taken():
        pass


def test_a_crowd_comes_through_a_few_at_a_time() -> None:
    at, here, most = Turns(2, LONG_S), list[int](), list[int]()

    def draw(number: int) -> None:
        with at.taken():
            here.append(number)
            most.append(len(here))
            time.sleep(0.001)
            here.remove(number)

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(draw, range(400)))
    assert len(most) == 400 and max(most) <= 2


def test_each_run_of_a_page_takes_its_turn_and_is_put_in_line_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, free = list[object](), Turns()
    monkeypatch.setattr(turns, "Turns", lambda: free)
    monkeypatch.setattr(ScriptRunner, "_run_script", lambda _runner, asked: drawn.append((asked, len(free._until))))
    turns.begin()
    turns.begin()
    asked = RerunData()
    ScriptRunner._run_script(ScriptRunner.__new__(ScriptRunner), asked)
    assert drawn == [(asked, 1)]
    assert free._until == {}
