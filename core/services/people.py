"""People of any kind: registering them with those they belong to, changing them, and their e-mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.errors import InputProblem, NotFound
from core.models import Account, Enrolment, EnrolmentKind, Person, PersonKind, UserType
from core.permissions import Actor, Permission
from core.rules import person_facts, person_fields
from core.services import audit, guardianships, person_writing
from core.services.person_writing import Saved
from core.tables import codes, school, scope


@dataclass(frozen=True)
class Tie:
    """A guardian of the new student, or a student of the new guardian. `new`: fields of one who is not known yet."""

    person_id: int | None = None
    new: Mapping[str, Any] | None = None
    relation: str = ""
    priority: int = 1
    may_email: bool = True
    may_sms: bool = True


def create(
    db: Session,
    actor: Actor,
    *,
    kind: str,
    section_id: int | None = None,
    teaches: Sequence[int] = (),
    ties: Sequence[Tie] = (),
    **fields: Any,
) -> int:
    """Register somebody, with classes and guardianships; gives their id.

    The same form sent twice makes one person: whoever has this code and all these fields is that person, as far as the
    actor may see them.
    """
    actor.require(Permission.EDIT_STUDENTS)
    if kind not in list(PersonKind):
        raise InputProblem("Choose a student, a guardian or a member of staff.")
    region = school.settings(db).default_region
    wanted = person_fields.checked(kind, person_fields.EMPTY | fields, region=region)
    sections = _sections(db, actor, kind, section_id, teaches)
    same_code = select(Person).where(Person.kind == kind, Person.source_id == wanted["source_id"])
    known = db.exec(same_code.where(scope.people(actor))).first()
    if known is not None and all(getattr(known, name) == value for name, value in wanted.items()):
        return known.id or 0
    if known is not None or db.exec(same_code).first() is not None:  # the same words for people one may not see
        free = codes.free(db, kind=kind)
        raise InputProblem("This code is taken.", field="source_id", hint=f"Free is {free}.")
    _check_reach(actor, kind, section_id, ties)
    made = _insert(db, kind, wanted, section_id if kind == PersonKind.STUDENT else None, region)
    role = EnrolmentKind.LEARNER if kind == PersonKind.STUDENT else EnrolmentKind.TEACHER
    db.add_all([Enrolment(section_id=section, person_id=made, kind=role) for section in sections])
    db.flush()
    audit.record(db, actor, action="person.created", object_kind="person", object_id=made, details={"kind": kind})
    for tie in ties:
        _tie(db, actor, kind, made, tie)
    return made


def save(db: Session, actor: Actor, *, person_id: int, seen: datetime, **fields: Any) -> Saved:
    """Store some fields of a person. `seen`: the `updated_at` that the form was drawn from."""
    person = person_writing.editable(db, actor, person_id)
    wanted = person_writing.checked(db, person, fields)
    return person_writing.store(db, actor, person, seen=seen, wanted=wanted, action="person.saved")


def of_account(db: Session, actor: Actor, *, account_id: int) -> tuple[Account, Person]:
    """An account with its owner, if the actor may change them: what *Add/Edit e-mail* is drawn from."""
    actor.require(Permission.MANAGE_ACCOUNTS)
    account = db.get(Account, account_id)
    if account is None:
        raise NotFound("There is no such account among those whom you may see. Go back to User Accounts.")
    return account, person_writing.editable(db, actor, account.person_id)


def change_email(db: Session, actor: Actor, *, account_id: int, seen: datetime, email: str) -> Saved:
    """*Add/Edit e-mail*: the address to which the account's messages go.

    Open links to the old address end and the old address is told; that the person was verified stays on record.
    """
    account, person = of_account(db, actor, account_id=account_id)
    field = email_field(db, account.user_type)
    wanted = person_fields.checked(person.kind, {field: email}, region=school.settings(db).default_region)
    if wanted[field] and field == "personal_email":
        wanted["use_personal_email"] = True  # an address that was just typed in is meant to be used
    return person_writing.store(db, actor, person, seen=seen, wanted=wanted, action="account.email_changed")


def email_field(db: Session, user_type: str) -> str:
    """Which of a person's addresses their messages go to (DESIGN §5)."""
    in_microsoft = school.policy(school.settings(db)).microsoft_user_types
    local_student = user_type == UserType.STUDENT and user_type not in in_microsoft
    return "personal_email" if local_student else "contact_email"


def _sections(db: Session, actor: Actor, kind: str, section_id: int | None, teaches: Sequence[int]) -> tuple[int, ...]:
    wanted = list(teaches) if kind == PersonKind.STAFF else []
    if kind == PersonKind.STUDENT and section_id is not None:
        wanted = [section_id]
    for section in wanted:
        person_writing.check_section(db, actor, section)
    return tuple(dict.fromkeys(wanted))


def _check_reach(actor: Actor, kind: str, section_id: int | None, ties: Sequence[Tie]) -> None:
    """Nobody registers a person whom they could not see afterwards."""
    if actor.scope.everybody or (kind == PersonKind.STUDENT and section_id):
        return
    if kind == PersonKind.STUDENT:
        raise InputProblem("Choose one of your classes.", field="section_id")
    if kind == PersonKind.STAFF or not any(tie.person_id for tie in ties):
        raise InputProblem("You register guardians of students in your classes. Link a student first.")


def _insert(db: Session, kind: str, wanted: Mapping[str, Any], section_id: int | None, region: str) -> int:
    now = clock.now()
    row = {**wanted, **person_facts.derived(wanted, default_region=region), "kind": kind, "section_id": section_id}
    try:
        made = db.execute(sa.insert(Person).values(**row, created_at=now, updated_at=now).returning(col(Person.id)))
        return int(made.scalar_one())
    except sa.exc.IntegrityError:  # two at once on PostgreSQL
        raise InputProblem(
            "Somebody else has just taken this code.", field="source_id", hint="Choose another one."
        ) from None


def _tie(db: Session, actor: Actor, kind: str, made: int, tie: Tie) -> None:
    other = tie.person_id
    if other is None:
        if kind != PersonKind.STUDENT or tie.new is None:
            raise InputProblem("Choose a student who is registered already.")
        try:
            create(db, actor, kind=PersonKind.GUARDIAN, ties=(_of(made, tie),), **tie.new)
        except InputProblem as problem:
            raise InputProblem(f"The new guardian: {problem}", field=problem.field, hint=problem.hint) from problem
        return
    student, guardian = (made, other) if kind == PersonKind.STUDENT else (other, made)
    guardianships.link(
        db,
        actor,
        student_id=student,
        guardian_id=guardian,
        relation=tie.relation,
        priority=tie.priority,
        may_email=tie.may_email,
        may_sms=tie.may_sms,
    )


def _of(student_id: int, tie: Tie) -> Tie:
    return Tie(student_id, None, tie.relation, tie.priority, tie.may_email, tie.may_sms)
