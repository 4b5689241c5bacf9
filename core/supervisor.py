"""What systemd is told: that we are ready, and that we are alive while our event loop turns (sd_notify(3))."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket


def tell(words: str, *, wait_s: float = 0.0) -> None:
    """Say it to whoever supervises this process; nothing where nobody does, or does not listen for so long."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.settimeout(wait_s)
        line.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        line.send(words.encode())


async def keep_telling() -> None:
    """Twice in the time that systemd waits. A process that stands still is ended and started anew: nginx goes on asking
    one that only says nothing.
    """
    every_s = int(os.environ.get("WATCHDOG_USEC", "0")) / 2_000_000
    while every_s:
        tell("WATCHDOG=1")
        await asyncio.sleep(every_s)
