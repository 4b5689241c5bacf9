"""Storing changes of one person: never over somebody else's, with all that follows from them, and audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.errors import Conflict, InputProblem, NotAllowed, NotFound, Sought
from core.models import Account, AccountRole, Enrolment, EnrolmentKind, Person, PersonKind, Section
from core.permissions import STAFF_ROLES, Actor, Permission
from core.rules import person_facts, person_fields
from core.services import address_changes, audit
from core.tables import school, scope


@dataclass(frozen=True)
class Saved:
    """What changed: names of fields, never their values; and how many open invitations ended with it.

    `notices` are the campaigns that tell the addresses; the caller starts them after the commit.
    """

    fields: tuple[str, ...]
    invitations_ended: int
    notices: tuple[int, ...] = ()


def editable(db: Session, actor: Actor, person_id: int, *, kind: str = "") -> Person:
    """The person, if `actor` may change them: whoever holds a staff role is changed by administrators only."""
    actor.require(Permission.EDIT_STUDENTS)
    query = sa.select(Person).where(col(Person.id) == person_id, scope.people(actor))
    person = db.scalars(query.where(col(Person.kind) == kind) if kind else query).first()
    if person is None:
        raise NotFound("There is no such person among those whom you may see. Go back to the list.")
    account = account_of(db, person)
    if account is not None and not actor.may(Permission.MANAGE_ROLES) and _is_staff(db, account):
        raise NotAllowed(
            "This person works with Firstkey. Only an administrator changes what is known of them.",
            by=actor,
            sought=Sought("person", person_id),
        )
    return person


def account_of(db: Session, person: Person) -> Account | None:
    return db.exec(select(Account).where(Account.person_id == person.id)).first()


def checked(db: Session, person: Person, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be stored of a form: what nobody touched stays, also where it is wrong since long ago."""
    touched = {name: value for name, value in fields.items() if value != getattr(person, name, None)}
    section = {"section_id": touched.pop("section_id")} if "section_id" in touched else {}
    if section and person.kind != PersonKind.STUDENT:
        raise InputProblem("Only students are listed under a class.", field="section_id")
    return person_fields.checked(person.kind, touched, region=school.settings(db).default_region) | section


def store(
    db: Session, actor: Actor, person: Person, *, seen: datetime, wanted: Mapping[str, Any], action: str
) -> Saved:
    """Store what differs. `seen`: the `updated_at` that the form was drawn from."""
    if person.updated_at != seen:
        raise Conflict(_MEANWHILE)
    changed = {name: value for name, value in wanted.items() if getattr(person, name) != value}
    if not changed:
        return Saved((), 0)
    _check_code(db, person, changed)
    if "section_id" in changed:
        _check_move(db, actor, changed["section_id"])
    own, account = school.settings(db), account_of(db, person)
    before = address_changes.standing(db, [account.id] if account and account.id else [])
    derived = person_facts.derived(person.model_dump() | changed, default_region=own.default_region)
    write(db, person, {**changed, **derived}, seen=seen)
    if "section_id" in changed:
        _move(db, person, changed["section_id"])
    moved = address_changes.follow(db, actor, before=before)
    ended = moved.invitations_ended + _addresses_left(db, account, person, changed)
    details = {"fields": sorted(changed), "invitations_ended": ended}
    audit.record(db, actor, action=action, object_kind="person", object_id=person.id, details=details)
    return Saved(tuple(sorted(changed)), ended, moved.notices)


def write(db: Session, person: Person, values: Mapping[str, Any], *, seen: datetime) -> None:
    """Store values of a person, none where what changes stands elsewhere; never over somebody else's change."""
    mine = sa.update(Person).where(col(Person.id) == person.id, col(Person.updated_at) == seen)
    change = mine.values(**{**values, "updated_at": clock.now()})
    changed = db.execute(change.execution_options(synchronize_session=False))
    if getattr(changed, "rowcount", 0) != 1:
        raise Conflict(_MEANWHILE)


def check_section(db: Session, actor: Actor, section_id: int | None) -> None:
    """A class that exists and that the actor may see; none is fine."""
    if section_id is None:
        return
    hers = actor.scope.everybody or section_id in actor.scope.section_ids
    if not hers or db.get(Section, section_id) is None:
        raise InputProblem("Choose a class from the list.", field="section_id")


def _check_move(db: Session, actor: Actor, section_id: int | None) -> None:
    """Nobody moves a student to where they could not see them afterwards."""
    if section_id is None and not actor.scope.everybody:
        raise InputProblem("Choose one of your classes.", field="section_id")
    check_section(db, actor, section_id)


def _is_staff(db: Session, account: Account) -> bool:
    held = select(AccountRole.id).where(
        AccountRole.account_id == account.id, col(AccountRole.role).in_(sorted(STAFF_ROLES))
    )
    return db.exec(held).first() is not None


def _check_code(db: Session, person: Person, changed: Mapping[str, Any]) -> None:
    if "source_id" in changed:
        same = select(Person.id).where(Person.kind == person.kind, Person.source_id == changed["source_id"])
        if db.exec(same).first() is not None:
            raise InputProblem("This code is taken.", field="source_id", hint="Every code stands for one person.")


def _addresses_left(db: Session, account: Account | None, person: Person, changed: Mapping[str, Any]) -> int:
    """`person` still holds what was there before."""
    ended = address_changes.close_numbers(
        db, [(person.id or 0, number) for number in _left(person, changed, address_changes.NUMBERS)]
    )
    if account is None or account.id is None:
        return ended
    emails = _left(person, changed, address_changes.EMAILS)
    return ended + address_changes.close(db, [(account.id, address) for address in emails])


def _left(person: Person, changed: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [getattr(person, name) for name in names if name in changed and getattr(person, name)]


def _move(db: Session, person: Person, section_id: int | None) -> None:
    """The enrolment follows the class under which a student is listed."""
    if person.kind != PersonKind.STUDENT:
        return
    mine = col(Enrolment.person_id) == person.id
    db.execute(sa.delete(Enrolment).where(mine, col(Enrolment.section_id) == person.section_id))
    enrolled = db.scalars(sa.select(col(Enrolment.id)).where(mine, col(Enrolment.section_id) == section_id)).first()
    if section_id is not None and enrolled is None:
        db.add(Enrolment(section_id=section_id, person_id=person.id or 0, kind=EnrolmentKind.LEARNER))
        db.flush()


_MEANWHILE = (
    "Somebody else saved this person while you were typing, so nothing of yours was stored. "
    "Open the card again, look at what changed, and make your change once more."
)
