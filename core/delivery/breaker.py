"""A circuit breaker per channel and process: a provider that puts everything off is left alone for a while."""

from __future__ import annotations

import threading
import time
from functools import lru_cache

OPENS_AFTER = 5  # put off so many in a row
FIRST_REST_S, LONGEST_REST_S = 30.0, 900.0


class Breaker:
    """Opens after failures in a row, for twice as long each time; one success closes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures, self._rest, self._until = 0, FIRST_REST_S, 0.0

    def failed(self, retry_after: float | None = None) -> None:
        """The provider put a message off; `retry_after` are the seconds it asked for."""
        with self._lock:
            self._failures += 1
            if self._failures < OPENS_AFTER and not retry_after:
                return
            if self._until <= time.monotonic():  # slots that were under way when it opened do not make it longer
                self._until = time.monotonic() + max(self._rest, retry_after or 0.0)
                self._rest = min(LONGEST_REST_S, self._rest * 2)

    def succeeded(self) -> None:
        """The provider answered: the line works."""
        with self._lock:
            self._failures, self._rest, self._until = 0, FIRST_REST_S, 0.0

    def resting(self) -> float:
        """Seconds until the channel may be tried again; 0 when it may."""
        with self._lock:
            return max(0.0, self._until - time.monotonic())


@lru_cache
def of(channel: str) -> Breaker:
    """The breaker of a channel in this process."""
    return Breaker()
