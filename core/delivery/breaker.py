"""A circuit breaker per channel and process: a provider that puts everything off is left alone for a while."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import lru_cache

from core.config import settings
from core.models import Channel


@dataclass(frozen=True)
class Limits:
    """When a channel is left alone: after so many put off in a row, for so many seconds at first and at most."""

    after: int
    first_s: float
    longest_s: float


class Breaker:
    """Opens after failures in a row, for twice as long each time; one success closes it.

    For how long the provider asked is obeyed whatever the others hear: of an overloaded one some answers are good.
    """

    def __init__(self, limits: Limits) -> None:
        self._lock, self._limits = threading.Lock(), limits
        self._failures, self._rest, self._until, self._asked = 0, limits.first_s, 0.0, 0.0

    def failed(self, retry_after: float | None = None) -> None:
        """The provider put a message off; `retry_after` are the seconds it asked for."""
        with self._lock:
            now = time.monotonic()
            self._failures += 1
            self._asked = max(self._asked, now + (retry_after or 0.0))
            # Slots that were under way when it opened do not make it longer.
            if self._failures >= self._limits.after and self._until <= now:
                self._until = now + self._rest
                self._rest = min(self._limits.longest_s, self._rest * 2)

    def succeeded(self) -> None:
        """The provider answered: the line works."""
        with self._lock:
            self._failures, self._rest, self._until = 0, self._limits.first_s, 0.0

    def resting(self) -> float:
        """Seconds until the channel may be tried again; 0 when it may."""
        with self._lock:
            return max(0.0, max(self._until, self._asked) - time.monotonic())

    def asked(self) -> float:
        """Of these, those for which the provider asked."""
        with self._lock:
            return max(0.0, self._asked - time.monotonic())


@lru_cache
def of(channel: str) -> Breaker:
    """The breaker of a channel in this process."""
    return Breaker(limits(channel))


def limits(channel: str) -> Limits:
    """What the operator has set for a channel."""
    own = settings()
    if channel == Channel.SMS:
        return Limits(own.sms_rest_after, own.sms_rest_seconds, own.sms_longest_rest_seconds)
    return Limits(own.email_rest_after, own.email_rest_seconds, own.email_longest_rest_seconds)
