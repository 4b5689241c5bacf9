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
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests

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


class Pages:
    """What pages that wait for their turn were asked.

    At the next click Streamlit stops the thread of the first and begins another: the first would come to its turn and
    do nothing, and a button that was pressed while the page waited would never have been pressed.
    """

    def __init__(self) -> None:
        self._waiting, self._lock = dict[str, tuple[ScriptRunner, RerunData]](), threading.Lock()

    def wait(self, runner: ScriptRunner, asked: RerunData) -> None:
        """Whatever the page was asked before and has not begun is asked with it, as Streamlit folds what is asked."""
        folded = ScriptRequests()
        with self._lock:
            if runner._session_id in self._waiting:
                folded.request_rerun(self._waiting[runner._session_id][1])
            folded.request_rerun(asked)
            self._waiting[runner._session_id] = runner, folded.on_scriptrunner_ready().rerun_data

    def begin(self, runner: ScriptRunner) -> RerunData | None:
        """What is asked; nothing of a runner whose page goes on with another."""
        with self._lock:
            latest, asked = self._waiting.get(runner._session_id, (None, None))
            if latest is not runner:
                return None
            del self._waiting[runner._session_id]
            return asked


def begin() -> None:
    """Once per process, before any visitor."""
    run, turns, pages = ScriptRunner._run_script, Turns(), Pages()
    if hasattr(run, "__wrapped__"):
        return

    @wraps(run)
    def run_script(runner: ScriptRunner, asked: RerunData) -> None:
        pages.wait(runner, asked)
        with turns.taken():
            latest = pages.begin(runner)
            if latest is not None:
                run(runner, latest)

    setattr(ScriptRunner, "_run_script", run_script)  # noqa: B010  (mypy takes an assignment for a mistake)
