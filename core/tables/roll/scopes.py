"""Whom those see who see some classes only. To put them together takes 40 ms for 10,000 students, so it is kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Set
from dataclasses import dataclass, field

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Person
from core.permissions import Actor
from core.tables import narrowing, scope
from core.tables.among import AmongIds
from core.tables.roll import facts
from core.tables.roll.facts import Ids
from core.tables.roll.kept import Kept

ROOM = 8_000_000  # ids in all of them: every teacher of a district, or a hundred of its schools


@dataclass
class Scopes:
    """By the classes that are seen; those go of which nobody has asked for longest."""

    _kept: OrderedDict[frozenset[int], Kept] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, db: Session, actor: Actor) -> Ids | None:
        """Whom this actor sees; None where nobody of this scope has asked lately."""
        with self._lock:
            kept = self._kept.get(actor.scope.section_ids)
            if kept is None:
                return None
            self._kept.move_to_end(actor.scope.section_ids)
        return kept.now(lambda moved: _among(db, actor, moved))

    def note(self, people: Set[int]) -> None:
        """These have changed."""
        with self._lock:
            for sections, kept in list(self._kept.items()):
                self._kept[sections] = kept.after(people)
                if self._kept[sections].is_past:
                    del self._kept[sections]

    def remember(self, actor: Actor, ids: Ids) -> None:
        """Whom this actor sees, of whom nobody has changed since."""
        with self._lock:
            self._kept[actor.scope.section_ids] = Kept(ids)
            while len(self._kept) > 1 and sum(len(kept.ids) for kept in self._kept.values()) > ROOM:
                self._kept.popitem(last=False)


def read(db: Session, actor: Actor) -> Ids:
    """Everybody whom this actor sees."""
    seen = sa.select(col(Person.id).label("id")).where(scope.people(actor)).subquery()
    return facts.numbers(db.connection().scalar(sa.select(narrowing.together(db, seen.c.id))))


def _among(db: Session, actor: Actor, ids: Collection[int]) -> Ids:
    query = sa.select(col(Person.id)).where(AmongIds(col(Person.id)), scope.each(actor))
    return np.fromiter(db.connection().execute(query, {"ids": sorted(ids)}).scalars(), np.int32)
