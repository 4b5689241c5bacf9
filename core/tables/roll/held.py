"""What one process holds, for all its threads: read when it starts, followed from then on, asked by lists."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from core import clock
from core.tables.conditions import Given
from core.tables.roll import changes
from core.tables.roll.changes import Changes, Mark
from core.tables.roll.listed import Key
from core.tables.roll.orders import LATE_AT_MOST, Order
from core.tables.roll.people import People
from core.tables.roll.scopes import Scopes
from core.tables.roll.texts import Texts

AT_ONCE, AT_MOST = 300, 50_000  # changes for which an answer waits, and that the keeper reads; of more everything
LATELY_S = 15 * 60
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Known:
    """Everybody as they were at a mark, and at which moment."""

    people: People
    mark: Mark
    as_of: datetime

    def is_of(self, given: Given) -> bool:
        """Whether what it depends on is still so."""
        return self.people.given.policy == given.policy and self.people.today == clock.today()


@dataclass
class Roll:
    """People and orders.

    Whoever asks holds no lock, for Python lets others go first at each statement: all would wait for one. Whoever
    changes it holds `lock`, and puts something new in place of what was.
    """

    known: Known
    orders: dict[Key, Order] = field(default_factory=dict)
    being_read: dict[Key, set[int]] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)
    scopes: Scopes = field(default_factory=Scopes)
    missed: set[Key] = field(default_factory=set)
    asked_at: dict[Key, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def up_to_date(self, db: Session, given: Given) -> People | None:
        """Everybody as they are now, where nothing has changed, or little that is read at once; else SQL is sooner."""
        known = self.known
        changed = changes.since(db, known.mark, at_most=AT_ONCE)
        if not known.is_of(given) or changed is None or changed.is_older:
            return None
        is_same = not changed.people and not changed.accounts
        if is_same and given.now - known.as_of < _SECOND:
            return known.people
        if not self.lock.acquire(blocking=False):  # somebody is about it
            return known.people if is_same else None
        try:
            return self.known.people if self.follow(db, given, at_most=AT_ONCE) else None
        finally:
            self.lock.release()

    def follow(self, db: Session, given: Given, *, at_most: int) -> bool:
        """Read again whatever has changed; False where that is too much, or everything may be another."""
        changed = changes.since(db, self.known.mark, at_most=at_most)
        if not self.known.is_of(given) or changed is None or changed.is_older:
            return False
        given = replace(given, now=max(given.now, self.known.as_of))
        is_due = given.now - self.known.as_of >= _SECOND
        ended = changes.ended(db, self.known.as_of, given.now) if is_due else set()
        if len(ended) > at_most:
            return False
        self._follow(db, given, changed, ended, is_due=is_due)
        return True

    def _follow(self, db: Session, given: Given, changed: Changes, ended: set[int], *, is_due: bool) -> None:
        people, accounts = changed.people | changes.relatives(db, changed.people), changed.accounts | ended
        known = replace(self.known, mark=changed.mark, as_of=given.now if is_due else self.known.as_of)
        if people or accounts:
            known = replace(known, people=known.people.read_again(db, given, people | accounts))
            self._note(people, accounts)
        self.known = known  # last: who is moved is known before they are seen elsewhere

    def _note(self, people: Collection[int], accounts: Collection[int]) -> None:
        self.texts.note(set(people))
        self.scopes.note(set(people))
        for key, late in self.being_read.items():
            late |= key.moved(set(people), set(accounts))
        for key, order in list(self.orders.items()):
            self.keep(key, order.without(key.moved(set(people), set(accounts))))

    def remember(self, people: People, keep: Callable[[], None]) -> None:
        """Keep what was found, for whoever asks next; not where somebody has changed since `people` were looked at."""
        if self.lock.acquire(blocking=False):
            try:
                if self.known.people is people:
                    keep()
            finally:
                self.lock.release()

    def keep(self, key: Key, order: Order) -> None:
        """Tell by this order from now on, unless so many have moved that SQL is as quick."""
        if len(order.moved) <= LATE_AT_MOST:
            self.orders[key] = order
        else:
            self.orders.pop(key, None)

    def in_use(self) -> set[Key]:
        """The orders that somebody has asked for lately."""
        since = time.monotonic() - LATELY_S
        return {key for key, at in list(self.asked_at.items()) if at > since}

    def forget(self) -> None:
        """Those of which nobody has asked."""
        with self.lock:
            for key in set(self.orders) - self.in_use():
                self.orders.pop(key, None)

    def order(self, key: Key) -> Order | None:
        """One of the orders; None while it is not known."""
        self.asked_at[key] = time.monotonic()
        known = self.orders.get(key)
        if known is None:
            self.missed.add(key)
        return known
