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
from core.tables.roll.orders import Key, Order

EACH_S, AFTER_FAULT_S, STOP_S = 1.0, 30, 2
_ALL = 2**31 - 1
PAUSES = 5  # what changes all the time is read in a sixth of the time
_log = logging.getLogger(__name__)


@dataclass
class Keeper:
    """Holds the roll of the database of this process, None until it is read."""

    roll: Roll | None = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _next_at: float = 0.0
    _rest_until: dict[Key, float] = field(default_factory=dict)

    def start(self) -> None:
        """Begin in the background."""
        self._thread = threading.Thread(target=self._run, name="roll", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and hold nothing any more."""
        self._ended.set()
        if self._thread:
            self._thread.join(STOP_S)  # what it reads may take longer, and ends with the process
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
        while roll and not self._ended.is_set() and (self._read_order(roll) or _read_text(roll)):
            pass

    def _follow(self, db: Session, roll: Roll, given: Given) -> bool:
        with roll.lock:
            return roll.follow(db, given, at_most=changes.AT_MOST)

    def _read(self, db: Session, given: Given) -> None:
        """Everything; of the orders those in use."""
        if time.monotonic() < self._next_at:
            return
        began, mark = time.monotonic(), changes.mark(db)
        known = self.roll.in_use() if self.roll else set()
        self.roll = Roll(people.read(db, given), mark, given.now, missed=known)
        self._next_at = _after(began)

    def _read_order(self, roll: Roll) -> bool:
        """One that was missed, if there is any; whoever changes while it is read is noted as moved.

        Where nearly everybody moves, as in a campaign, it is of no use soon, so it is not read all the time.
        """
        began = time.monotonic()
        with roll.lock:
            due = [key for key in roll.missed if self._rest_until.get(key, 0) < began]
            if not due:
                return False
            key = due[0]
            roll.being_read[key] = set()
        with database.reading() as db:
            ids = np.array(key.listed.in_order(db, key.page(_ALL), None), np.int32)
        with roll.lock:
            roll.orders[key] = Order(ids).without(roll.being_read.pop(key))
        roll.missed.discard(key)
        self._rest_until[key] = _after(began)
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


def _after(began: float) -> float:
    """When it may be read again."""
    return time.monotonic() + PAUSES * (time.monotonic() - began)
