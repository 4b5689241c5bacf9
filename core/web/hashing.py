"""Work that hashes passwords, a little at a time: a crowd that signs in must not keep everybody else waiting (R05)."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from core.rules import password_hash

Result = TypeVar("Result")

LESS_URGENT = 10  # steps of nice(2)


def _give_way() -> None:
    """Hashing takes whatever the processor has left: whoever holds the lock of the writer goes first, and pages do.

    Linux has a priority for each thread; elsewhere it would be that of the whole process.
    """
    if sys.platform == "linux":
        now = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(19, now + LESS_URGENT))


# Their own threads: each keeps the 19 MiB of a hash for the next one, and must not do so in forty.
_hashing = ThreadPoolExecutor(password_hash.AT_ONCE, thread_name_prefix="hashing", initializer=_give_way)
# One writes at a time, in SQLite and in the chain of the audit: who waits for that holds up neither hashes nor pages.
_storing = ThreadPoolExecutor(1, thread_name_prefix="storing")


async def run(work: Callable[..., Result], *arguments: object) -> Result:
    """Run `work` in a thread; those who wait for their turn hold no thread that others need."""
    return await _in(_hashing, work, *arguments)


async def store(work: Callable[..., Result], *arguments: object) -> Result:
    """Run the transaction that follows a hash, where a crowd comes: meanwhile the next password is hashed."""
    return await _in(_storing, work, *arguments)


async def _in(threads: ThreadPoolExecutor, work: Callable[..., Result], *arguments: object) -> Result:
    return await asyncio.get_running_loop().run_in_executor(threads, copy_context().run, work, *arguments)
