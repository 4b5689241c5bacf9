"""Pages and parts of pages are drawn a few at a time, in the order in which they were asked for.

Python lets one thread work. Where dozens draw at once, each gives the others way at every statement, and what costs 9
ms alone takes 17: 300 people who turn pages waited for seconds. Whoever takes long, or waits for somebody else, keeps
nobody waiting: a turn counts for as long as a few acts take.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps

from streamlit.runtime.scriptrunner.script_runner import RerunData, ScriptRunner

AT_ONCE, COUNTS_S = 2, 0.06  # two: one may wait for the database or the disk


class Turns:
    """Who draws now, by when that ceases to count, and who waits."""

    def __init__(self, at_once: int = AT_ONCE, counts_s: float = COUNTS_S) -> None:
        self._at_once, self._counts_s = at_once, counts_s
        self._until, self._line, self._lock = dict[int, float](), deque[threading.Condition](), threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a turn, and give it back at the end of the block."""
        me = threading.get_ident()
        with self._lock:
            self._stand_in_line()
            self._until[me] = time.monotonic() + self._counts_s
            self._call_next()
        try:
            yield
        finally:
            with self._lock:
                del self._until[me]
                self._call_next()

    def _stand_in_line(self) -> None:
        mine = threading.Condition(self._lock)
        self._line.append(mine)
        try:
            while self._line[0] is not mine or self._left_s() > 0:
                mine.wait(self._left_s() if self._line[0] is mine else None)
        finally:
            self._line.remove(mine)
            self._call_next()

    def _call_next(self) -> None:
        if self._line:
            self._line[0].notify()

    def _left_s(self) -> float:
        """How long all turns will be taken, at most."""
        now = time.monotonic()
        ends = sorted(end for end in self._until.values() if end > now)
        return ends[-self._at_once] - now if len(ends) >= self._at_once else 0.0


def begin() -> None:
    """Once per process, before any visitor."""
    run, turns = ScriptRunner._run_script, Turns()
    if hasattr(run, "__wrapped__"):
        return

    @wraps(run)
    def run_script(runner: ScriptRunner, asked: RerunData) -> None:
        with turns.taken():
            run(runner, asked)

    setattr(ScriptRunner, "_run_script", run_script)  # noqa: B010  (mypy takes an assignment for a mistake)
