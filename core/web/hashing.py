"""Work that hashes passwords, a little at a time: a crowd that signs in must not keep everybody else waiting (R05)."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import lru_cache
from typing import TypeVar

from core import database
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
_working = ThreadPoolExecutor(password_hash.AT_ONCE, thread_name_prefix="working")


@lru_cache
def _storing() -> ThreadPoolExecutor:
    """In SQLite one writes at a time, and a second that asks for the lock again and again leaves it idle.

    On PostgreSQL one waits for answers while another works; with more, pages wait for the processor (0055).
    """
    return ThreadPoolExecutor(1 if database.is_sqlite() else 2, thread_name_prefix="storing")


async def run(work: Callable[..., Result], *arguments: object) -> Result:
    """Run work that hashes and stores, where no crowd comes; who waits for a turn holds no thread that others need."""
    return await _in(_working, work, *arguments)


async def hashed(work: Callable[..., Result], *arguments: object) -> Result:
    """Run work that only hashes, where a crowd comes. It gives way, so it must hold no lock of the database."""
    return await _in(_hashing, work, *arguments)


async def store(work: Callable[..., Result], *arguments: object) -> Result:
    """Run the transaction that follows a hash, where a crowd comes: meanwhile the next password is hashed."""
    return await _in(_storing(), work, *arguments)


async def _in(threads: ThreadPoolExecutor, work: Callable[..., Result], *arguments: object) -> Result:
    return await asyncio.get_running_loop().run_in_executor(threads, copy_context().run, work, *arguments)
