"""The addresses of people, for putting them right where they stand in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Person
from core.permissions import Actor, Permission
from core.tables import scope


@dataclass(frozen=True)
class Contacts:
    """How one person can be reached; `updated_at` is what a change must be based on."""

    person_id: int
    name: str
    kind: str
    personal_email: str
    use_personal_email: bool
    contact_email: str
    mobile: str
    updated_at: datetime


def of_people(db: Session, actor: Actor, *, person_ids: Sequence[int]) -> list[Contacts]:
    """The contacts of those of these people whom the actor may see and change, in the order of the ids."""
    actor.require(Permission.EDIT_STUDENTS)
    actor.require(Permission.SEE_CONTACTS)
    query = sa.select(Person).where(col(Person.id).in_(person_ids), scope.people(actor))
    found = {person.id: _contacts(person) for person in db.scalars(query)}
    return [found[person_id] for person_id in person_ids if person_id in found]


def _contacts(person: Person) -> Contacts:
    assert person.id is not None  # noqa: S101  (read, so it is stored)
    return Contacts(
        person.id,
        f"{person.last_name} {person.first_name}",
        person.kind,
        person.personal_email,
        person.use_personal_email,
        person.contact_email,
        person.mobile,
        person.updated_at,
    )
