"""Spaces the messages of a channel: the slots at work in this process share the rate of as many slots.

Each slot by itself would begin when its batch does: sixteen in step send sixteen in one moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache


class Pacer:
    """Lets the messages of all slots through one after the other, evenly."""

    def __init__(self) -> None:
        self._lock, self._at_work, self._next = threading.Lock(), 0, 0.0

    @contextmanager
    def slot(self) -> Iterator[None]:
        """One more slot is at work within the block."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def wait(self, per_second: float) -> None:
        """Return when the next message may go; `per_second` is the rate of one slot."""
        with self._lock:
            now = time.monotonic()
            begins = max(self._next, now)
            self._next = begins + 1 / (per_second * max(1, self._at_work))
        if begins > now:
            time.sleep(begins - now)

    def _count(self, more: int) -> None:
        with self._lock:
            self._at_work += more


@lru_cache
def of(channel: str) -> Pacer:
    """The pacer of a channel in this process."""
    return Pacer()
