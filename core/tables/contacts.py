"""The addresses of people, for putting them right where they stand in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, Person
from core.permissions import Actor, Permission
from core.tables import conditions, counting, reachability, scope


@dataclass(frozen=True)
class Contacts:
    """How one person can be reached; `updated_at` is what a change must be based on.

    `by_personal`: invitations go to the personal e-mail, once it is switched on; else to the contact e-mail.
    """

    person_id: int
    name: str
    kind: str
    personal_email: str
    use_personal_email: bool
    contact_email: str
    mobile: str
    updated_at: datetime
    by_personal: bool = False


def of_people(db: Session, actor: Actor, *, person_ids: Sequence[int]) -> list[Contacts]:
    """The contacts of those of these people whom the actor may see and change, in the order of the ids."""
    actor.require(Permission.EDIT_STUDENTS)
    actor.require(Permission.SEE_CONTACTS)
    by_personal = reachability.uses_personal_email(conditions.given(db).policy)
    found = {
        person.id: _contacts(person, by_personal=personal)
        for person, personal in db.execute(_people(actor, person_ids, Person, by_personal))
    }
    return [found[person_id] for person_id in person_ids if person_id in found]


def unreachable(db: Session, actor: Actor, *, person_ids: Sequence[int]) -> int:
    """How many of these people have no usable address."""
    actor.require(Permission.EDIT_STUDENTS)
    reachable = reachability.reachable(conditions.given(db).policy)
    return counting.rows(db, _people(actor, person_ids, col(Person.id)).where(sa.not_(reachable)))


def _people(actor: Actor, person_ids: Sequence[int], *shown: Any) -> sa.Select[Any]:
    query = sa.select(*shown).select_from(Person).outerjoin(Account, col(Account.person_id) == col(Person.id))
    return query.where(col(Person.id).in_(person_ids), scope.people(actor))


def _contacts(person: Person, *, by_personal: bool) -> Contacts:
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
        by_personal,
    )
