"""Words of a provider that come together are stored together: one commit for all that arrived during the last one.

A commit of its own for each would be the most that a disk can do; so 200 a second are no more work than 50.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from core import database
from core.models import Channel
from core.services import delivery_events

WAIT_MS = 10_000  # Twilio gives up after 15 s
AT_ONCE = 500
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Word:
    """What a provider says of one message."""

    provider_id: str
    status: str
    code: str
    reference: str


class _Tray:
    """Where words wait for the clerk, who is there only while something waits."""

    def __init__(self) -> None:
        self.arrived: list[tuple[Word, asyncio.Future[None]]] = []
        self.clerk: asyncio.Task[None] | None = None  # the loop alone would not hold it

    def put(self, word: Word) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        self.arrived.append((word, stored))
        if self.clerk is None or self.clerk.done() or self.clerk.get_loop() is not loop:
            self.clerk = loop.create_task(self._work())
        return stored

    async def _work(self) -> None:
        """Until nothing waits: store what has arrived, let its senders go, apply it."""
        while self.arrived:
            together, self.arrived = self.arrived[:AT_ONCE], self.arrived[AT_ONCE:]
            error = await run_in_threadpool(_store, [word for word, _stored in together])
            for _word, stored in together:
                if not stored.done():  # whoever hung up does not wait any more
                    stored.set_exception(error) if error else stored.set_result(None)
            if error is None:
                await run_in_threadpool(_apply)


_tray = _Tray()


async def keep(word: Word) -> None:
    """Store the word; returns when it is committed, and raises when it could not be. It is applied soon after."""
    await _tray.put(word)


def _store(words: list[Word]) -> Exception | None:
    """All or none; an error goes to everybody who waits for it, and the next words are tried again."""
    try:
        with database.transaction(wait_ms=WAIT_MS) as db:
            delivery_events.store(db, channel=Channel.SMS, words=words)
    except Exception as error:  # noqa: BLE001  (handed to the requests, whose last net logs it)
        return error
    return None


def _apply() -> None:
    try:
        with database.transaction(wait_ms=WAIT_MS) as db:
            delivery_events.apply(db, limit=AT_ONCE)
    except Exception as error:  # noqa: BLE001  (they are stored: the next word, or the next look-around, applies them)
        logger.warning("applying the words of the provider failed: %s", type(error).__name__)
