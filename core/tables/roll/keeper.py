"""The thread of a web process that reads the roll, keeps up with changes, and reads the orders that were missed."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

import numpy as np
from sqlmodel import Session

from core import database, logs
from core.permissions import Actor
from core.tables import conditions
from core.tables.conditions import Given
from core.tables.filters import Found, Page
from core.tables.roll import changes, held, people, telling, texts
from core.tables.roll.held import Known, Roll
from core.tables.roll.listed import Key, Listed
from core.tables.roll.orders import Order
from core.tables.roll.texts import Text
from core.tables.roll.wanted import Filter

EACH_S, AFTER_FAULT_S, STOP_S = 1.0, 30, 2
PAUSES = 5  # what changes all the time is read in a sixth of the time
_ALL = 2**31 - 1
_log = logging.getLogger(__name__)


@dataclass
class Keeper:
    """Holds the roll of the database of this process, None until it is read."""

    roll: Roll | None = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _read_at: dict[object, float] = field(default_factory=dict)
    _everybody_at: float = 0  # not before
    _again_at: float = 0  # nor any order or word that was read before

    def found(
        self, db: Session, actor: Actor, listed: Listed, filter: Filter, page: Page, given: Given
    ) -> Found | None:
        """The rows of a page of a list, and how many there are; None where SQL has to answer."""
        return telling.found(self.roll, db, actor, listed, filter, page, given) if self.roll else None

    def count(self, db: Session, actor: Actor, filter: Filter, given: Given) -> int | None:
        """How many match."""
        return telling.count(self.roll, db, actor, filter, given) if self.roll else None

    def start(self) -> None:
        """Begin in the background."""
        self._thread = threading.Thread(target=self._run, name="roll", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End. What it reads may take longer: that ends with the process."""
        self._ended.set()
        if self._thread:
            self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._ended.is_set():
            if not self._try():
                self._ended.wait(EACH_S)

    def keep_up(self) -> bool:
        """Follow what has changed, or read everything; then one order or word that was missed. Whether one was."""
        with database.reading() as db:
            given = conditions.given(db)
            if self.roll is None or not self._follow(db, self.roll, given):
                self._read(db, given)
        roll = self.roll
        missed = self._next(roll) if roll else None
        if roll is None or missed is None:
            return False
        roll.forget()
        began = time.monotonic()
        if isinstance(missed, Key):
            _read_order(roll, missed)
        else:
            _read_text(roll, missed)
        self._again_at = _after(began)
        return True

    def _try(self) -> bool:
        """Whether there was something to do. While it fails SQL answers, and says what is wrong to whoever asks."""
        try:
            return self.keep_up()
        except Exception as error:  # noqa: BLE001  (a database that is away comes back)
            _log.warning("roll.failed", extra={"error": logs.names(error), "place": logs.place(error)})
            self._everybody_at = self._again_at = time.monotonic() + AFTER_FAULT_S
            return False

    def _follow(self, db: Session, roll: Roll, given: Given) -> bool:
        """Whether all of it can stay; somebody else may have followed further than we see."""
        with roll.lock:
            changed = changes.since(db, roll.known.mark, at_most=held.AT_MOST)
            is_behind = changed is not None and changed.is_older
            return is_behind or roll.follow(db, given, at_most=held.AT_MOST)

    def _read(self, db: Session, given: Given) -> None:
        """Everything; of the orders those in use."""
        if time.monotonic() < self._everybody_at:
            return
        began, mark = time.monotonic(), changes.mark(db)
        known = Known(people.read(db, given), mark, given.now)
        asked_at = self.roll.asked_at if self.roll else {}
        self.roll = Roll(known, missed=self.roll.in_use() if self.roll else set(), asked_at=asked_at)
        self._read_at.clear()
        self._everybody_at = _after(began)

    def _next(self, roll: Roll) -> Key | Text | None:
        """What was never read, or longest ago; what was read before only now and then, as all may be moving."""
        missed: tuple[Key | Text, ...] = (*tuple(roll.missed), *tuple(roll.texts.missed))
        first = min(missed, key=lambda one: self._read_at.get(_name(one), 0), default=None)
        if first is None or (_name(first) in self._read_at and time.monotonic() < self._again_at):
            return None
        self._read_at[_name(first)] = time.monotonic()
        return first


def _name(missed: Key | Text) -> object:
    """Words are not kept (R55)."""
    return missed.mark if isinstance(missed, Text) else missed


def _read_order(roll: Roll, key: Key) -> None:
    """Whoever changes while it is read is noted as moved."""
    with roll.lock:
        roll.being_read[key] = set()
    try:
        with database.reading() as db:
            ids = np.array(key.listed.in_order(db, key.page(_ALL), None), np.int32)
    except BaseException:
        with roll.lock:
            roll.being_read.pop(key)
        raise
    with roll.lock:
        roll.keep(key, Order(ids).without(roll.being_read.pop(key)))
        roll.missed.discard(key)


def _read_text(roll: Roll, text: Text) -> None:
    """Whom a search finds."""
    with roll.lock:
        roll.texts.begin(text)
    with database.reading() as db:
        ids = texts.read(db, text)
    with roll.lock:
        roll.texts.keep(text, ids)


def _after(began: float) -> float:
    """When it may be read again."""
    return time.monotonic() + PAUSES * (time.monotonic() - began)
