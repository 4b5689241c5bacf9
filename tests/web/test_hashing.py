"""Crowds that sign in: hashes wait for their turn, and hold up nobody who does something else."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time

import pytest

from core.rules import password_hash
from core.web import hashing


def test_r05_so_many_hashes_are_made_at_once_and_no_more() -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.01)
        with lock:
            busy -= 1

    async def crowd() -> None:
        await asyncio.gather(*(hashing.hashed(work) for _ in range(20)))

    asyncio.run(crowd())
    assert most == password_hash.AT_ONCE


def test_what_is_stored_does_not_wait_for_hashes() -> None:
    end = threading.Event()

    async def crowd() -> str:
        hashes = [hashing.hashed(end.wait, 20) for _ in range(20)]
        hashes = [asyncio.ensure_future(one) for one in hashes]
        said = await asyncio.wait_for(hashing.store(lambda: "stored"), 10)
        assert not any(one.done() for one in hashes)
        end.set()
        await asyncio.gather(*hashes)
        return said

    assert asyncio.run(crowd()) == "stored"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_what_only_hashes_gives_way_to_whatever_else_the_server_does() -> None:
    def urgency() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    async def of_all() -> tuple[int, int, int]:
        return await hashing.hashed(urgency), await hashing.store(urgency), await hashing.run(urgency)

    hashes, storing, working = asyncio.run(of_all())
    assert hashes == min(19, storing + hashing.LESS_URGENT) > storing == working == urgency()
