"""Tells the other processes that this one is alive, and sees which of them are."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Mapping
from datetime import datetime

from core import database
from core.services import workers

EVERY_S, SILENT_AFTER_S = 10.0, 60.0
logger = logging.getLogger(__name__)


class Heartbeat:
    """A thread that writes one row every ten seconds until it is stopped."""

    def __init__(self, executor_id: str) -> None:
        self.executor_id = executor_id
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="delivery-heartbeat", daemon=True)

    def start(self) -> None:
        """The first beat is written before this returns: nobody may think that a process that begins is gone."""
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """After this, what is left of the process may be taken."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        with database.transaction() as db:
            workers.leave(db, executor_id=self.executor_id)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self._beat()
            except Exception as error:  # noqa: BLE001  (a locked or restarting database: the next beat will do)
                logger.warning("the heartbeat failed: %s", type(error).__name__)

    def _beat(self) -> None:
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            workers.beat(db, executor_id=self.executor_id, host=socket.gethostname(), process_id=os.getpid())


class Watch:
    """Who is alive, as this process sees it: whose beat has changed within the last minute of its own steady clock.

    The times in the rows are compared with nothing: clocks of machines differ, and are set forward and back (F12).
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[datetime, float]] = {}

    def alive(self, beats: Mapping[str, datetime]) -> frozenset[str]:
        """Whoever is seen for the first time counts as alive."""
        now = time.monotonic()
        for name, beat in beats.items():
            if name not in self._seen or self._seen[name][0] != beat:
                self._seen[name] = (beat, now)
        return frozenset(name for name in beats if now - self._seen[name][1] < SILENT_AFTER_S)
