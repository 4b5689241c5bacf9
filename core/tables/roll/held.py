"""What one process holds, for all its threads: read when it starts, followed from then on, asked by lists."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Account, Guardianship
from core.permissions import Actor
from core.rules.search_text import sought
from core.tables import account_state, narrowing
from core.tables.among import AmongIds
from core.tables.conditions import Given
from core.tables.filters import Page, StudentFilter
from core.tables.narrowing import Few
from core.tables.roll import changes, facts, wanted
from core.tables.roll.changes import Changes, Mark
from core.tables.roll.facts import Ids
from core.tables.roll.orders import LATE_AT_MOST, Key, Order
from core.tables.roll.people import People, Truths
from core.tables.roll.texts import Text, Texts
from core.tables.roll.wanted import Filter, Rest

AT_ONCE = 300  # changes for which an answer waits; of more the keeper reads
LATELY_S = 15 * 60
_SECOND = timedelta(seconds=1)


@dataclass
class Roll:
    """People and orders, as they were at a mark.

    Whoever asks holds no lock, for Python lets others go first at each statement: all would wait for one. Whoever
    changes it holds `lock`, and puts something new in place of what was.
    """

    people: People
    mark: Mark
    as_of: datetime
    orders: dict[Key, Order] = field(default_factory=dict)
    being_read: dict[Key, set[int]] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)
    missed: set[Key] = field(default_factory=set)
    asked_at: dict[Key, float] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def is_of(self, given: Given) -> bool:
        """Whether what it depends on is still so."""
        return self.people.given.policy == given.policy and self.people.today == clock.today()

    def is_up_to_date(self, db: Session, given: Given) -> bool:
        """Whether nothing has changed, or little that is read again at once; else SQL answers sooner."""
        if not self.is_of(given):
            return False
        changed = changes.since(db, self.mark)
        if changed is not None and not (changed.people or changed.accounts) and given.now - self.as_of < _SECOND:
            return True
        if not self.lock.acquire(blocking=False):  # somebody is about it
            return False
        try:
            return self.follow(db, given, at_most=AT_ONCE)
        finally:
            self.lock.release()

    def follow(self, db: Session, given: Given, *, at_most: int) -> bool:
        """Read again whatever has changed; False where that is too much, or everything may be another."""
        changed = changes.since(db, self.mark)
        if not self.is_of(given) or changed is None or len(changed.people) + len(changed.accounts) > at_most:
            return False
        if changed.is_older:
            return True
        ended = _ended(db, self.as_of, given.now)
        if changed.people or changed.accounts or ended:
            self._read_again(db, given, changed, ended)
        self.mark = changed.mark
        if given.now - self.as_of >= _SECOND:
            self.as_of = given.now
        return True

    def _read_again(self, db: Session, given: Given, changed: Changes, ended: set[int]) -> None:
        people = changed.people | _relatives(db, changed.people)
        accounts = changed.accounts | ended
        self.people = self.people.read_again(db, given, people | accounts)
        self.texts.note(people | accounts)
        for key, late in self.being_read.items():
            late |= key.moved(people, accounts)
        for key, order in list(self.orders.items()):
            self.orders[key] = order.without(key.moved(people, accounts))
            if len(self.orders[key].moved) > LATE_AT_MOST:
                del self.orders[key]

    def matching(self, db: Session, actor: Actor, filter: Filter, given: Given) -> tuple[People, Truths] | None:
        """For each id of a person, whether their row matches; None where the roll cannot tell."""
        rest, people = wanted.rest(db, actor, filter, given), self.people
        if rest is None:
            return None
        truths = people.meeting(wanted.demands(filter, people.current))
        if words := sought(filter.text):
            students_only = isinstance(filter, StudentFilter)
            named = self.texts.found(db, Text.of(words, actor), students_only=students_only)
            if named is None:
                return None
            truths &= people.among(named)
        for one in rest:
            ids = _read(db, one)
            if ids is None:
                return None
            truths &= people.among(ids) if one.is_in else ~people.among(ids)
        return people, truths

    def page(self, db: Session, key: Key, truths: Truths, page: Page) -> Ids | None:
        """The persons of a page; None while the order is not known."""
        order = self.orders.get(key)
        self.asked_at[key] = time.monotonic()
        if order is None:
            self.missed.add(key)
            return None
        return order.page(truths, page, lambda ids: self._sorted(db, key, ids))

    def in_use(self) -> set[Key]:
        """The orders that somebody has asked for lately."""
        since = time.monotonic() - LATELY_S
        return {key for key, at in list(self.asked_at.items()) if at > since}

    def _sorted(self, db: Session, key: Key, ids: Ids) -> Ids:
        few = Few(len(ids), narrowing.as_text(db, ids.tolist()))
        return np.array(key.listed.in_order(db, key.page(len(ids)), few), np.int32)


def _read(db: Session, rest: Rest) -> Ids | None:
    few = narrowing.few(db, [rest.people], cap=wanted.AT_MOST)
    return None if few is None else facts.numbers(few.ids)


def _relatives(db: Session, ids: Collection[int]) -> set[int]:
    """Who answers for these people, and for whom they answer: an SMS may go to the one about the other."""
    if not ids:
        return set()
    tie = col(Guardianship.student_id), col(Guardianship.guardian_id)
    both = [sa.select(other).where(AmongIds(one)) for one, other in (tie, tie[::-1])]
    found: Any = db.connection().execute(sa.union_all(*both), {"ids": sorted(ids)}).scalars()
    return set(found)


def _ended(db: Session, then: datetime, now: datetime) -> set[int]:
    """Whose invitation has ended meanwhile: nobody changes anything then."""
    if now - then < _SECOND:
        return set()
    ends = col(Account.invitation_ends_at)
    invited = col(Account.standing) == account_state.INVITED
    return set(db.connection().scalars(sa.select(col(Account.person_id)).where(invited, ends > then, ends <= now)))
