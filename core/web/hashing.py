"""Work that hashes passwords, a little at a time: a crowd that signs in must not keep everybody else waiting (R05)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

AT_ONCE = min(8, 2 * (os.cpu_count() or 1))
Result = TypeVar("Result")
_slots: RunVar[CapacityLimiter] = RunVar("firstkey_hashing")


async def run(work: Callable[..., Result], *arguments: object) -> Result:
    """Run `work` in a thread; those who wait for their turn hold no thread that others need."""
    return await to_thread.run_sync(work, *arguments, limiter=_limiter())


def _limiter() -> CapacityLimiter:
    limiter = _slots.get(None)
    if limiter is None:
        limiter = CapacityLimiter(AT_ONCE)
        _slots.set(limiter)
    return limiter
