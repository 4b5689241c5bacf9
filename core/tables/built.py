"""Expressions that are the same all day: building them took ten times as long as the database needs for their answer.

SQLAlchemy never changes an expression that was made, so threads may share them. What they hold of the date goes with
the day; what changes from one question to the next is a parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

from core import clock
from core.rules.reachability import Policy

T = TypeVar("T")
POLICIES = 16  # the school's settings as they were lately


def once_a_day(build: Callable[[Policy], T]) -> Callable[[Policy], T]:
    """`build` is asked once for each policy and day."""

    @lru_cache(maxsize=POLICIES)
    def known(_today: object, policy: Policy) -> T:
        return build(policy)

    @wraps(build)
    def built(policy: Policy) -> T:
        return known(clock.today(), policy)

    return built
