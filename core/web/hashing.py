"""Work that hashes passwords, a little at a time: a crowd that signs in must not keep everybody else waiting (R05)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from core.rules import password_hash

Result = TypeVar("Result")

# Their own threads: each keeps the 19 MiB of a hash for the next one, and must not do so in forty.
_threads = ThreadPoolExecutor(password_hash.AT_ONCE, thread_name_prefix="hashing")


async def run(work: Callable[..., Result], *arguments: object) -> Result:
    """Run `work` in a thread; those who wait for their turn hold no thread that others need."""
    return await asyncio.get_running_loop().run_in_executor(_threads, copy_context().run, work, *arguments)
