"""Whom a search finds: kept for whoever leafs on. Of rare words an index tells at once, of common ones in a while."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Collection, Set
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Person
from core.permissions import Actor, Permission, Role
from core.rules.search_text import Sought
from core.tables import narrowing, search
from core.tables.among import AmongIds
from core.tables.roll import facts
from core.tables.roll.facts import Ids
from core.tables.roll.kept import MOVED_AT_MOST, Kept

RARE = 25_000  # as many bear one surname in a district; most are found twice, by their username too
KEPT, ROOM = 100, 16_000_000  # searches, ids in all of them
_KEY = secrets.token_bytes(16)
_SEEING, _BLIND = Actor("the roll", roles=frozenset({Role.OFFICE})), Actor("the roll")


@dataclass(frozen=True)
class Text:
    """What somebody looks for; who sees no contacts finds nobody by them (R61). Nothing is kept of who it was."""

    words: Sought
    sees_contacts: bool
    students_only: bool

    @classmethod
    def of(cls, words: Sought, actor: Actor, *, students_only: bool) -> Text:
        return cls(words, actor.may(Permission.SEE_CONTACTS), students_only)

    @property
    def of_all(self) -> Text:
        """The same looked for among everybody."""
        return replace(self, students_only=False)

    @property
    def mark(self) -> bytes:
        """Under which whom it finds is kept: people look for names and addresses, which no cache holds (R55)."""
        return blake2b(repr(self).encode(), key=_KEY, digest_size=16).digest()

    @property
    def actor(self) -> Actor:
        """Anybody who sees as much."""
        return _SEEING if self.sees_contacts else _BLIND


@dataclass
class Texts:
    """Whom the latest searches find. `missed`: common words of which nobody knows that yet."""

    missed: set[Text] = field(default_factory=set)
    _kept: OrderedDict[bytes, Kept] = field(default_factory=OrderedDict)
    _common: set[bytes] = field(default_factory=set)
    _being_read: dict[Text, set[int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, db: Session, text: Text) -> Ids | None:
        """Whoever matches, at least all students with `students_only`; None where it was not looked for lately."""
        with self._lock:
            mark = next((mark for mark in (text.mark, text.of_all.mark) if mark in self._kept), None)
            if mark is None:
                return None
            self._kept.move_to_end(mark)
            kept = self._kept[mark]
        return kept.now(lambda moved: _among(db, text, moved))

    def looked_up(self, db: Session, text: Text) -> Ids | None:
        """Whoever matches, by the index; None where these are too many, who are read later."""
        if text.mark in self._common:
            return None
        rare = search.found(db, text.actor, text.words, students_only=text.students_only)
        few = narrowing.few(db, [rare], cap=2 * RARE)
        if few is None:
            self._common.add(text.mark)
            self.missed.add(text.of_all)
        return None if few is None else facts.numbers(few.ids)

    def note(self, people: Set[int]) -> None:
        """What is known of these is another. Words after which many have moved are forgotten."""
        with self._lock:
            if len(people) > MOVED_AT_MOST:
                self._kept.clear()
            for mark, kept in list(self._kept.items()):
                self._kept[mark] = kept.after(people)
                if self._kept[mark].is_past:
                    del self._kept[mark]
            for moved in self._being_read.values():
                moved |= people

    def begin(self, text: Text) -> None:
        """One of those missed is about to be read."""
        with self._lock:
            self._being_read[text] = set()

    def keep(self, text: Text, ids: Ids) -> None:
        """All who match, to be told from now on; whoever changed while they were read is asked each time."""
        with self._lock:
            kept = Kept(ids, frozenset(self._being_read.pop(text)))
            self.missed.discard(text)
            self._common.clear()  # what is still missed is looked up once more
            if not kept.is_past:
                self._put(text, kept)

    def remember(self, text: Text, ids: Ids) -> None:
        """All who match, of whom nobody has changed since."""
        with self._lock:
            if text not in self._being_read:
                self._put(text, Kept(ids))

    def _put(self, text: Text, kept: Kept) -> None:
        self._kept[text.mark] = kept
        while len(self._kept) > KEPT or (len(self._kept) > 1 and self._size() > ROOM):
            self._kept.popitem(last=False)

    def _size(self) -> int:
        return sum(len(kept.ids) for kept in self._kept.values())


def read(db: Session, text: Text) -> Ids:
    """All who match: a second, where it is a million."""
    matching = search.found(db, text.actor, text.words, students_only=text.students_only).subquery()
    found = db.connection().scalar(sa.select(narrowing.together(db, matching.c[0])))
    return np.unique(facts.numbers(found))


def _among(db: Session, text: Text, ids: Collection[int]) -> Ids:
    matching = search.holds(db, text.actor, text.words, of_few=True)
    query = sa.select(col(Person.id)).where(AmongIds(col(Person.id)), matching)
    found: Any = db.connection().execute(query, {"ids": sorted(ids)}).scalars()
    return np.fromiter(found, np.int32)
