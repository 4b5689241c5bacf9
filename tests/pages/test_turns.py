"""Pages are drawn a few at a time, and whoever takes long keeps nobody waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from streamlit.runtime.scriptrunner.script_runner import RerunData, ScriptRunner

from pages.shared import turns
from pages.shared.turns import Turns

LONG_S = 20.0


@dataclass
class Begun:
    """The line, and what was drawn: what was asked, and how many drew then."""

    turns: Turns = field(default_factory=lambda: Turns(1, LONG_S))
    drawn: list[tuple[RerunData, int]] = field(default_factory=list)


@pytest.fixture(name="begun")
def _begun(monkeypatch: pytest.MonkeyPatch) -> Begun:
    """A process whose pages come one after the other."""
    made = Begun()
    monkeypatch.setattr(turns, "Turns", lambda: made.turns)

    def draw(_runner: ScriptRunner, asked: RerunData) -> None:
        made.drawn.append((asked, len(made.turns._until)))

    monkeypatch.setattr(ScriptRunner, "_run_script", draw)
    turns.begin()
    return made


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


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    at, came = Turns(1, LONG_S), list[int]()

    def draw(number: int) -> None:
        with at.taken():
            came.append(number)

    with ThreadPoolExecutor(21) as pool:
        first = _Drawing(at, pool)
        assert first.begun.wait(LONG_S)
        for number in range(20):
            pool.submit(draw, number)
            _until(lambda: len(at._line) == number + 1)  # noqa: B023  (over before the next one)
        first.over.set()
    assert came == list(range(20)) and not at._line


def test_whoever_is_first_in_line_is_called_when_a_long_turn_ceases_to_count_and_calls_the_next() -> None:
    at = Turns(1, 0.05)
    with ThreadPoolExecutor(4) as pool:
        slow = [_Drawing(at, pool) for _ in range(4)]
        assert all(one.begun.wait(LONG_S) for one in slow)
        for one in slow:
            one.over.set()


def test_each_run_of_a_page_takes_its_turn_and_is_put_in_line_once(begun: Begun) -> None:
    turns.begin()
    asked = RerunData(page_name="students")
    ScriptRunner._run_script(ScriptRunner.__new__(ScriptRunner), asked)
    assert begun.drawn == [(asked, 1)]
    assert begun.turns._until == {}
