"""How long a session lives, and how long an account waits after wrong passwords (R08, R36)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from core.permissions import Role

FREE_TRIES, SUSPENDED_AFTER, SESSIONS_AT_MOST = 4, 100, 5
_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
USE_IS_NOTED_AFTER = timedelta(seconds=20)  # a write per click would be a lock per click


def idle(roles: Collection[Role]) -> timedelta:
    """How long a session lives without anything a person does."""
    return timedelta(minutes=15 if Role.ADMINISTRATOR in roles else 30)


def absolute(roles: Collection[Role]) -> timedelta:
    """How long a session lives at most."""
    return timedelta(hours=8 if Role.ADMINISTRATOR in roles else 12)


def wait_after(failures: int) -> timedelta:
    """Four tries are free; from the fifth on 30 seconds, doubling to an hour."""
    over = failures - FREE_TRIES
    return min(_LONGEST_WAIT, _SHORTEST_WAIT * 2 ** min(over - 1, 10)) if over > 0 else timedelta()
