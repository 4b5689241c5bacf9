"""Spaces the messages of one slot; a channel's rate is slots times the rate of a slot."""

from __future__ import annotations

import time


class Pacer:
    """Lets at most `per_second` messages through, evenly."""

    def __init__(self, per_second: float) -> None:
        self._gap, self._next = 1 / per_second, time.monotonic()

    def wait(self) -> None:
        """Return when the next message may go."""
        now = time.monotonic()
        self._next = max(self._next, now)
        if self._next > now:
            time.sleep(self._next - now)
        self._next += self._gap
