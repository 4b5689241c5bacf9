"""Whoever has to wait waits here, holding no thread and no connection to the database (R10, R22)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.lowlevel import RunVar

from core.errors import LimitReached

STEP_S = 0.25
AT_ONCE, IN_LINE = 50, 500  # of one network address: a school may stand behind it, and so may a flood
FULL = "Very many people are asking from your network just now. Try again in a minute."


@dataclass
class _Line:
    """Those who wait behind one address."""

    places: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(AT_ONCE))
    people: int = 0


_lines: RunVar[dict[str, _Line]] = RunVar("firstkey_lines")


async def wait(address: str, seconds: float) -> None:
    """Wait one's turn and then so long; refuses where so many wait already that memory would suffer."""
    if seconds <= 0:
        return
    async with _standing_in(address) as line, line.places:
        await anyio.sleep(seconds)


async def even_out(began: float) -> None:
    """Wait for the next quarter of a second since `began` (anyio's time): what was done until then is hidden (R22)."""
    await anyio.sleep(-(anyio.current_time() - began) % STEP_S)


@asynccontextmanager
async def _standing_in(address: str) -> AsyncIterator[_Line]:
    lines = _all()
    line = lines.setdefault(address, _Line())
    if line.people >= IN_LINE:
        raise LimitReached(FULL)
    line.people += 1
    try:
        yield line
    finally:
        line.people -= 1
        if not line.people:
            lines.pop(address, None)


def _all() -> dict[str, _Line]:
    lines = _lines.get(None)
    if lines is None:
        lines = {}
        _lines.set(lines)
    return lines
