"""Whom a search finds. Of rare words an index tells at once; for common ones it takes a while, so these are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Person
from core.permissions import Actor, Permission
from core.rules.search_text import Sought
from core.tables import narrowing, search
from core.tables.among import AmongIds
from core.tables.roll import facts
from core.tables.roll.facts import Ids

RARE = 25_000  # at most: as many bear one surname in a district
KEPT = 64


@dataclass(frozen=True)
class Text:
    """What was typed, and by whom: who sees no contacts finds nobody by them."""

    words: Sought
    actor: Actor = field(compare=False)
    sees_contacts: bool

    @classmethod
    def of(cls, words: Sought, actor: Actor) -> Text:
        return cls(words, actor, actor.may(Permission.SEE_CONTACTS))


@dataclass
class _Kept:
    ids: Ids
    moved: set[int] = field(default_factory=set)


@dataclass
class Texts:
    """The words by which many are found, asked lately. `missed`: those of which nobody knows yet."""

    missed: set[Text] = field(default_factory=set)
    _kept: OrderedDict[Text, _Kept] = field(default_factory=OrderedDict)
    _being_read: dict[Text, set[int]] = field(default_factory=dict)

    def found(self, db: Session, text: Text, *, students_only: bool) -> Ids | None:
        """Whoever matches, at least all students with `students_only`; None where that is not known yet."""
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return _up_to_date(db, text, kept)
        if text in self.missed:
            return None
        rare = search.once(db, text.actor, text.words, students_only=students_only, up_to=RARE + 1)
        few = narrowing.few(db, [rare], cap=RARE)
        if few is None:
            self.missed.add(text)
        return None if few is None else facts.numbers(few.ids)

    def note(self, people: Collection[int]) -> None:
        """Something about these is another."""
        for moved in [*(kept.moved for kept in self._kept.values()), *self._being_read.values()]:
            moved.update(people)

    def begin(self) -> Text | None:
        """One of those missed, to be read from now on."""
        text = next(iter(self.missed), None)
        if text is not None:
            self._being_read[text] = set()
        return text

    def keep(self, text: Text, ids: Ids) -> None:
        """All who match, to be told from now on; whoever changed while they were read is asked again."""
        self.missed.discard(text)
        self._kept[text] = _Kept(ids, self._being_read.pop(text))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def read(db: Session, text: Text) -> Ids:
    """All who match: a second, where it is a million."""
    matching = search.found(db, text.actor, text.words).subquery()
    return facts.numbers(db.connection().scalar(sa.select(narrowing.together(db, matching.c[0]))))


def _up_to_date(db: Session, text: Text, kept: _Kept) -> Ids:
    if kept.moved:
        kept.ids = np.concatenate([np.setdiff1d(kept.ids, list(kept.moved)), _among(db, text, kept.moved)])
        kept.moved = set()
    return kept.ids


def _among(db: Session, text: Text, ids: Collection[int]) -> Ids:
    matching = search.holds(db, text.actor, text.words, of_few=True)
    query = sa.select(col(Person.id)).where(AmongIds(col(Person.id)), matching)
    found: Any = db.connection().execute(query, {"ids": sorted(ids)}).scalars()
    return np.fromiter(found, np.int32)
