"""Account status follows: everybody is read once, and then whoever has changed since, each time somebody looks.

Whoever sees the same people is told the same. The changes are those that the database notes for the roll
(roll.changes).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from core.models import UserType
from core.permissions import Actor, Permission, Scope
from core.tables import conditions, options, status_people
from core.tables.conditions import Given
from core.tables.roll import changes
from core.tables.roll.changes import Mark
from core.tables.status_people import People

AT_MOST = 2_000  # of more changes everybody is read sooner
ROOM = 2_500_000  # entries that are kept, of some 150 bytes each; those of the latest type however many
_Kind = tuple[str, str, Scope]  # of which database, of which type, of whom


@dataclass(frozen=True)
class Known:
    """Everybody as they were at a mark, and at which moment."""

    people: People
    mark: Mark
    as_of: datetime


class _Kept:
    """What this process knows, by type and scope; the one that was asked for last is the last."""

    def __init__(self) -> None:
        self._lock, self._known = threading.Lock(), dict[_Kind, Known]()

    def of(self, kind: _Kind) -> Known | None:
        with self._lock:
            return self._known.get(kind)

    def keep(self, kind: _Kind, known: Known) -> None:
        """Those go of which nobody has asked for longest."""
        with self._lock:
            self._known.pop(kind, None)
            self._known[kind] = known
            while len(self._known) > 1 and sum(one.people.size for one in self._known.values()) > ROOM:
                del self._known[next(iter(self._known))]


_KEPT = _Kept()


def people(db: Session, actor: Actor, *, user_type: str) -> People:
    """What status_people.read gives, only sooner."""
    actor.require(Permission.SEE_STATUS)
    of_list = status_people.is_of_list(actor, user_type)
    scope = Scope(everybody=True) if actor.scope.everybody else actor.scope
    kind = (str(db.get_bind().engine.url), UserType.STUDENT.value if of_list else user_type, scope)
    before = _KEPT.of(kind)
    known = (_again(db, actor, before) if before else None) or _anew(db, actor, user_type)
    _KEPT.keep(kind, known)
    return known.people


def _anew(db: Session, actor: Actor, user_type: str) -> Known:
    mark = changes.mark(db)
    people = status_people.read(db, actor, user_type=user_type)
    return Known(people, mark, people.given.now)


def _again(db: Session, actor: Actor, known: Known) -> Known | None:
    """With whoever has changed; None where these are many, or everybody may be another."""
    given = conditions.given(db)
    changed = changes.since(db, known.mark, at_most=AT_MOST)
    if changed is None or changed.is_older or not _still_holds(db, actor, known.people, given):
        return None
    ids = changed.people | changed.accounts | changes.relatives(db, changed.people)
    ids |= changes.ended(db, known.as_of, given.now)
    if not ids:
        return Known(known.people, changed.mark, given.now)
    if len(ids) > AT_MOST:
        return None
    people = status_people.read_again(db, actor, known.people, ids=sorted(ids), now=given.now)
    return Known(people, changed.mark, given.now) if people else None


def _still_holds(db: Session, actor: Actor, people: People, given: Given) -> bool:
    """Whether all that concerns everybody is as it was when they were read."""
    before = people.given
    return (
        (given.policy, given.zone) == (before.policy, before.zone)
        and status_people.a_week_before(given.now) == status_people.a_week_before(before.now)
        and status_people.last_days(given) == people.days
        and tuple(options.grades(db, actor)) == people.grades
    )
