"""Spaces the messages of a channel: the slots at work in this process share the rate of as many slots.

Each slot by itself would begin when its batch does: sixteen in step send sixteen in one moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

_CATCHES_UP = 1.02


class Pacer:
    """Lets the messages of all slots through one after the other, evenly."""

    def __init__(self) -> None:
        self._lock, self._at_work = threading.Lock(), 0
        self._next_turn, self._next_to_leave = 0.0, 0.0

    @contextmanager
    def slot(self) -> Iterator[None]:
        """One more slot is at work within the block."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def wait(self, per_second: float) -> None:
        """Return when the next message may be claimed; `per_second` is the rate of one slot."""
        with self._lock:
            begins = max(self._next_turn, time.monotonic())
            self._next_turn = begins + self._gap(per_second)
        _sleep_until(begins)

    def leave(self, per_second: float) -> None:
        """Return when a claimed message may leave: claims that waited for one commit do not leave in one moment."""
        with self._lock:
            begins = max(self._next_to_leave, time.monotonic())
            self._next_to_leave = begins + self._gap(per_second * _CATCHES_UP)
        _sleep_until(begins)

    def _gap(self, per_second: float) -> float:
        return 1 / (per_second * max(1, self._at_work))

    def _count(self, more: int) -> None:
        with self._lock:
            self._at_work += more


def _sleep_until(moment: float) -> None:
    if (seconds := moment - time.monotonic()) > 0:
        time.sleep(seconds)


@lru_cache
def of(channel: str) -> Pacer:
    """The pacer of a channel in this process."""
    return Pacer()
