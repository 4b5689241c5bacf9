"""People found while a form is filled in: those to link, with what tells them apart from others of their name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Person, PersonKind, Section
from core.permissions import Actor, Permission
from core.rules.search_text import sought
from core.tables import guardians, scope, search
from core.tables.frames import masked

AT_MOST = 8


@dataclass(frozen=True)
class Found:
    """Somebody who is known already. `also`: the class of a student, the students of a guardian."""

    id: int
    kind: str
    name: str
    source_id: str
    also: str
    email: str
    mobile: str
    status: str


def look(db: Session, actor: Actor, *, kind: str, text: str) -> list[Found]:
    """The first few of one kind who match, by name; nobody before two letters are typed."""
    actor.require(Permission.SEE_STUDENTS)
    asked = sought(text)
    if not any(len(word) >= search.SHORT for word in asked.typed):
        return []
    return of(db, actor, ids=search.found(db, actor, asked), kind=kind, limit=AT_MOST)


def of(db: Session, actor: Actor, *, ids: Any, kind: str, limit: int) -> list[Found]:
    """The people of these ids whom the actor may see."""
    query = sa.select(Person, col(Section.title)).outerjoin(Section, col(Section.id) == col(Person.section_id))
    mine = query.where(col(Person.id).in_(ids), col(Person.kind) == kind, scope.people(actor))
    rows = db.execute(mine.order_by(col(Person.sort_name), col(Person.id)).limit(limit)).all()
    people = [person for person, _section in rows]
    of_guardians = [person.id or 0 for person in people] if kind == PersonKind.GUARDIAN else []
    wards = guardians.students_of(db, actor, of_guardians)
    show = str if actor.may(Permission.SEE_CONTACTS) else masked
    return [
        Found(
            person.id,
            person.kind,
            " ".join(filter(None, (person.first_name, person.middle_name, person.last_name))),
            person.source_id,
            wards[place] if wards else section or "",
            show(person.contact_email or person.personal_email),
            show(person.mobile),
            person.status,
        )
        for place, (person, section) in enumerate(rows)
    ]
