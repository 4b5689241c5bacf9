"""Students: changing what the school knows of one of them, or of many at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, NotFound
from core.models import Account, Invitation, Person, PersonKind, PersonStatus, Superseded
from core.permissions import Actor, Permission
from core.rules import person_facts, typed, words
from core.services import audit, selections
from core.tables import school, scope

_ADDRESSES = ("personal_email", "contact_email", "mobile")


@dataclass(frozen=True)
class Saved:
    """What changed: names of fields, never their values; and how many open invitations ended with it."""

    fields: tuple[str, ...]
    invitations_ended: int


def save_profile(
    db: Session,
    actor: Actor,
    *,
    person_id: int,
    seen: datetime,
    first_name: str,
    middle_name: str,
    last_name: str,
    status: str,
    language: str,
    use_personal_email: bool,
    personal_email: str,
) -> Saved:
    """Store the tab *Student Profile*. `seen`: the `updated_at` that the form was drawn from."""
    person = _editable(db, actor, person_id)
    wanted = {
        "first_name": typed.name(first_name, "first_name", "First name"),
        "middle_name": typed.name(middle_name, "middle_name", "Middle name", needed=False),
        "last_name": typed.name(last_name, "last_name", "Last name"),
        "status": typed.among(status, list(PersonStatus), "status", "Choose a status from the list."),
        "language": typed.among(language, list(words.LANGUAGE), "language", "Choose a language from the list."),
        "use_personal_email": bool(use_personal_email),
        "personal_email": typed.email(personal_email, "personal_email"),
    }
    return _save(db, actor, person, seen=seen, wanted=wanted, action="student.profile_saved")


def save_contact(
    db: Session, actor: Actor, *, person_id: int, seen: datetime, contact_email: str, mobile: str, phone: str
) -> Saved:
    """Store the section *Contact*."""
    person = _editable(db, actor, person_id)
    wanted = {
        "contact_email": typed.email(contact_email, "contact_email"),
        "mobile": typed.mobile(mobile, school.settings(db).default_region),
        "phone": typed.phone(phone),
    }
    return _save(db, actor, person, seen=seen, wanted=wanted, action="student.contact_saved")


def use_personal_email(db: Session, actor: Actor, *, selection_id: int, on: bool) -> int:
    """Switch *Use Personal E-mail* for the selected students; gives how many were changed."""
    actor.require(Permission.EDIT_STUDENTS)
    chosen = selections.person_ids(db, actor, selection_id=selection_id)
    changed = db.execute(
        sa.update(Person)
        .where(col(Person.id).in_(chosen), col(Person.kind) == PersonKind.STUDENT)
        .where(col(Person.use_personal_email).is_not(on))
        .values(use_personal_email=on, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    number = int(getattr(changed, "rowcount", 0))
    details = {"on": on, "changed": number}
    audit.record(
        db,
        actor,
        action="students.use_personal_email",
        object_kind="selection",
        object_id=selection_id,
        details=details,
    )
    return number


def _editable(db: Session, actor: Actor, person_id: int) -> Person:
    actor.require(Permission.EDIT_STUDENTS)
    query = sa.select(Person).where(col(Person.id) == person_id, col(Person.kind) == PersonKind.STUDENT)
    person = db.scalars(query.where(scope.people(actor))).first()
    if person is None:
        raise NotFound("There is no such student in your classes. Go back to the Students List.")
    return person


def _save(
    db: Session, actor: Actor, person: Person, *, seen: datetime, wanted: Mapping[str, Any], action: str
) -> Saved:
    if person.updated_at != seen:
        raise Conflict(_MEANWHILE)
    changed = {name: value for name, value in wanted.items() if getattr(person, name) != value}
    if not changed:
        return Saved((), 0)
    region = school.settings(db).default_region
    derived = person_facts.derived(person.model_dump() | changed, default_region=region)
    stored = db.execute(
        sa.update(Person)
        .where(col(Person.id) == person.id, col(Person.updated_at) == seen)
        .values(**{**changed, **derived, "updated_at": clock.now()})
        .execution_options(synchronize_session=False)
    )
    if getattr(stored, "rowcount", 0) != 1:
        raise Conflict(_MEANWHILE)
    left = [getattr(person, name) for name in _ADDRESSES if name in changed and getattr(person, name)]
    ended = _end_invitations(db, person, addresses=left) if left else 0
    details = {"fields": sorted(changed), "invitations_ended": ended}
    audit.record(db, actor, action=action, object_kind="person", object_id=person.id, details=details)
    return Saved(tuple(sorted(changed)), ended)


def _end_invitations(db: Session, person: Person, *, addresses: list[str]) -> int:
    """Links that went to an address that is no longer the person's must not open anything."""
    now = clock.now()
    account = sa.select(col(Account.id)).where(col(Account.person_id) == person.id)
    open_ones = sa.and_(
        col(Invitation.account_id).in_(account),
        col(Invitation.address).in_(addresses),
        col(Invitation.used_at).is_(None),
        col(Invitation.superseded_at).is_(None),
        col(Invitation.expires_at) > now,
    )
    ended = db.execute(
        sa.update(Invitation)
        .where(open_ones)
        .values(superseded_at=now, superseded_because=Superseded.ADDRESS_CHANGED)
        .execution_options(synchronize_session=False)
    )
    number = int(getattr(ended, "rowcount", 0))
    if number:
        db.execute(
            sa.update(Account)
            .where(col(Account.person_id) == person.id, col(Account.invitation_ends_at) > now)
            .values(invitation_ends_at=now)
            .execution_options(synchronize_session=False)
        )
    return number


_MEANWHILE = (
    "Somebody else saved this student while you were typing, so nothing of yours was stored. "
    "Open the card again, look at what changed, and make your change once more."
)
