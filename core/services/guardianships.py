"""Guardianships: who answers for a student, from today until it is ended; ended ones stay on record."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.errors import Conflict, InputProblem, NotFound
from core.models import Guardianship, Person, PersonKind
from core.permissions import Actor, Permission
from core.rules import typed
from core.services import address_changes, audit
from core.tables import scope

PRIORITIES = range(1, 10)


def link(
    db: Session,
    actor: Actor,
    *,
    student_id: int,
    guardian_id: int,
    relation: str = "",
    priority: int = 1,
    may_email: bool = True,
    may_sms: bool = True,
) -> int:
    """Say that the guardian answers for the student from today; gives the guardianship. One that ended begins anew."""
    actor.require(Permission.EDIT_STUDENTS)
    if student_id == guardian_id:
        raise InputProblem("Nobody is their own guardian. Choose somebody else.", field="guardian_id")
    _person(db, actor, student_id, PersonKind.STUDENT, "student")
    _person(db, actor, guardian_id, PersonKind.GUARDIAN, "guardian")
    values = _checked(relation=relation, priority=priority, may_email=may_email, may_sms=may_sms)
    pair = select(Guardianship).where(Guardianship.student_id == student_id, Guardianship.guardian_id == guardian_id)
    known, today = db.exec(pair.with_for_update()).first(), clock.today()
    if known is not None and (known.ends_on is None or known.ends_on >= today):
        raise Conflict("The two are linked already. Press Change beside their names on the student's card.")
    if known is None:
        known = Guardianship(student_id=student_id, guardian_id=guardian_id)
    else:
        known.starts_on, known.ends_on = today, None
    _store(db, known, values)
    _record(db, actor, known, "linked", sorted(values))
    return known.id or 0


@dataclass(frozen=True)
class Terms:
    """How a guardian answers for a student; also what somebody saw who changes it."""

    relation: str = ""
    priority: int = 1
    may_email: bool = True
    may_sms: bool = True


def terms(db: Session, actor: Actor, *, guardianship_id: int) -> Terms:
    """What holds now, for the window that changes it."""
    known = _editable(db, actor, guardianship_id)
    return Terms(known.relation, known.priority, known.may_email, known.may_sms)


def change(db: Session, actor: Actor, *, guardianship_id: int, seen: Terms, wanted: Terms) -> list[str]:
    """Change what is known of a link in force; gives the names of what changed.

    What was sent to the number of whoever may get no more texts opens nothing any more (R105). Refuses with Conflict
    when it is not as it was `seen`, or has ended.
    """
    known = _editable(db, actor, guardianship_id)
    values, then = _checked(**asdict(wanted)), asdict(seen)
    changed = sorted(name for name, value in values.items() if then[name] != value)
    if not changed:
        return []
    as_seen = [getattr(Guardianship, name) == value for name, value in then.items()]
    link = sa.update(Guardianship).where(col(Guardianship.id) == guardianship_id, _in_force(), *as_seen)
    stored = db.execute(link.values(**values).execution_options(synchronize_session=False))
    if getattr(stored, "rowcount", 0) != 1:
        raise Conflict("Somebody else changed or ended this link since you looked. Open the card again.")
    db.refresh(known)
    if not known.may_sms:
        _close_number(db, known)
    _record(db, actor, known, "changed", changed)
    return changed


def end(db: Session, actor: Actor, *, guardianship_id: int) -> None:
    """From now on the guardian does not answer for the student; yesterday stays the last day on record.

    What was sent to their number for the account of the student opens nothing any more (R105).
    """
    known = _editable(db, actor, guardianship_id)
    today = clock.today()
    ended = db.execute(
        sa.update(Guardianship)
        .where(col(Guardianship.id) == guardianship_id, _in_force())
        .values(ends_on=today - timedelta(days=1))
        .execution_options(synchronize_session=False)
    )
    if getattr(ended, "rowcount", 0) != 1:
        raise Conflict("Somebody was quicker: this link has ended already.")
    _close_number(db, known)
    _record(db, actor, known, "ended", ["ends_on"])


def _close_number(db: Session, known: Guardianship) -> None:
    """Unless it is also the number of the student, or of somebody who still answers for them."""
    number = db.scalar(sa.select(col(Person.mobile)).where(col(Person.id) == known.guardian_id))
    if number:
        address_changes.close_numbers(db, [(known.student_id, number)])


def _in_force() -> sa.ColumnElement[bool]:
    return col(Guardianship.ends_on).is_(None) | (col(Guardianship.ends_on) >= clock.today())


def _editable(db: Session, actor: Actor, guardianship_id: int) -> Guardianship:
    actor.require(Permission.EDIT_STUDENTS)
    known = db.get(Guardianship, guardianship_id, populate_existing=True)
    if known is None:
        raise NotFound(_NOT_THERE)
    _person(db, actor, known.student_id, PersonKind.STUDENT, "student")
    return known


def _person(db: Session, actor: Actor, person_id: int, kind: str, noun: str) -> None:
    """Whom `actor` may not see is as little there as somebody who does not exist."""
    query = sa.select(col(Person.id)).where(col(Person.id) == person_id, col(Person.kind) == kind)
    if db.scalar(query.where(scope.people(actor))) is None:
        raise NotFound(f"There is no such {noun} among those whom you may see. Choose one from the list.")


def _checked(*, relation: str, priority: int, may_email: bool, may_sms: bool) -> dict[str, Any]:
    if priority not in PRIORITIES:
        raise InputProblem("The order is a number from 1 to 9. 1 is asked first.", field="priority")
    named = typed.name(relation, "relation", "The relation", needed=False)
    return {"relation": named, "priority": priority, "may_email": bool(may_email), "may_sms": bool(may_sms)}


def _store(db: Session, known: Guardianship, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(known, name, value)
    db.add(known)
    try:
        db.flush()
    except sa.exc.IntegrityError:  # two at once on PostgreSQL; its text would name both people (R97)
        raise Conflict("Somebody else has just linked the two. Open the card again.") from None


def _record(db: Session, actor: Actor, known: Guardianship, what: str, fields: list[str]) -> None:
    details = {"student": known.student_id, "guardian": known.guardian_id, "fields": fields}
    audit.record(
        db, actor, action=f"guardianship.{what}", object_kind="guardianship", object_id=known.id, details=details
    )


_NOT_THERE = "This link is not there any more. Open the card again."
