"""Tells the other processes that this one is alive, so that they leave its batches to it."""

from __future__ import annotations

import logging
import os
import socket
import threading

from core import database
from core.services import workers

EVERY_S = 10.0
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
