"""The thread of a web process that reads the roll, keeps up with changes, and reads the orders that were missed."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

import numpy as np
from sqlmodel import Session

from core import database
from core.tables import conditions
from core.tables.conditions import Given
from core.tables.roll import changes, people, texts
from core.tables.roll.held import Roll
from core.tables.roll.orders import Order

EACH_S, AFTER_FAULT_S = 1.0, 30
_ALL = 2**31 - 1
PAUSES = 5  # while everything changes all the time it is read in a sixth of the time
_log = logging.getLogger(__name__)


@dataclass
class Keeper:
    """Holds the roll of the database of this process, None until it is read."""

    roll: Roll | None = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _next_at: float = 0.0

    def start(self) -> None:
        """Begin in the background."""
        self._thread = threading.Thread(target=self._run, name="roll", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and hold nothing any more."""
        self._ended.set()
        if self._thread:
            self._thread.join()
        self.roll = None

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.keep_up()
            except Exception as error:  # noqa: BLE001  (SQL answers meanwhile, and says what is wrong to whoever asks)
                self.roll, self._next_at = None, time.monotonic() + AFTER_FAULT_S
                _log.warning("roll.failed", extra={"error": type(error).__name__})
            self._ended.wait(EACH_S)

    def keep_up(self) -> None:
        """Follow what has changed, or read everything again; then the orders that were missed."""
        with database.reading() as db:
            given = conditions.given(db)
            if self.roll is None or not self._follow(db, self.roll, given):
                self._read(db, given)
        roll = self.roll
        while roll and not self._ended.is_set() and (_read_order(roll) or _read_text(roll)):
            pass

    def _follow(self, db: Session, roll: Roll, given: Given) -> bool:
        with roll.lock:
            return roll.follow(db, given, at_most=changes.AT_MOST)

    def _read(self, db: Session, given: Given) -> None:
        """Everything. The old one answers nothing any more, but tells which orders are in use."""
        if time.monotonic() < self._next_at:
            return
        began, mark = time.monotonic(), changes.mark(db)
        known = set(self.roll.orders) | self.roll.missed if self.roll else set()
        self.roll = Roll(people.read(db, given), mark, given.now, missed=known)
        self._next_at = time.monotonic() + PAUSES * (time.monotonic() - began)


def _read_order(roll: Roll) -> bool:
    """One that was missed, if there is any; whoever changes while it is read is noted as moved."""
    with roll.lock:
        if not roll.missed:
            return False
        key = roll.missed.pop()
        roll.being_read[key] = set()
    with database.reading() as db:
        ids = np.array(key.listed.in_order(db, key.page(_ALL), None), np.int32)
    with roll.lock:
        roll.orders[key] = Order(ids).without(roll.being_read.pop(key))
    return True


def _read_text(roll: Roll) -> bool:
    """Whom a search finds that was missed, if there is any."""
    with roll.lock:
        text = roll.texts.begin()
    if text is None:
        return False
    with database.reading() as db:
        ids = texts.read(db, text)
    with roll.lock:
        roll.texts.keep(text, ids)
    return True
