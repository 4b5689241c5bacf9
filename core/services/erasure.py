"""Erasing a person: said first what goes and what stays, then done at once, for good (R103)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import Conflict, InputProblem, NotFound
from core.models import (
    Account,
    AuditEntry,
    Enrolment,
    Guardianship,
    Invitation,
    MessageAccount,
    Person,
    PersonKind,
)
from core.permissions import Actor, Permission
from core.rules.search_text import fold_name
from core.services import account_effects, audit, traces
from core.services.traces import Removed
from core.tables import school, scope


@dataclass(frozen=True)
class Foreseen:
    """What would go: `goes` by its name, with how many. `entries` of the audit stay, with numbers for names.

    `comes_back`: the school's own system would bring the person with the next import.
    """

    name: str
    goes: dict[str, int]
    entries: int
    comes_back: bool


def foresee(db: Session, actor: Actor, *, person_id: int) -> Foreseen:
    """What erasing would do at this moment; changes nothing."""
    person = _erasable(db, actor, person_id)
    account = db.scalar(sa.select(col(Account.id)).where(col(Account.person_id) == person_id))
    of_person = {
        "Guardianships": sa.or_(col(Guardianship.student_id) == person_id, col(Guardianship.guardian_id) == person_id),
        "Classes": col(Enrolment.person_id) == person_id,
    }
    of_account = {
        "Links and initial passwords": col(Invitation.account_id) == account,
        "Messages: to whom, and the address": col(MessageAccount.account_id) == account,
    }
    goes = {"The person, with all names, addresses and numbers": 1, "The account, with username": int(bool(account))}
    goes |= {noun: _count(db, which) for noun, which in {**of_person, **(of_account if account else {})}.items()}
    about = sa.or_(_about("person", person_id), _about("account", account or 0), col(AuditEntry.account_id) == account)
    policy = school.policy(school.settings(db))
    counts = policy.counts(is_student=person.kind == PersonKind.STUDENT, status=person.status)
    return Foreseen(_name(person), {noun: number for noun, number in goes.items() if number}, _count(db, about), counts)


def erase(db: Session, actor: Actor, *, person_id: int, typed_name: str) -> Removed:
    """Erase a person and everything held about them but the audit, for good.

    Afterwards, when this is committed, the caller removes their files from the outbox and has the database compacted.
    """
    person = _erasable(db, actor, person_id)
    if fold_name(typed_name) != fold_name(_name(person)):
        raise InputProblem("This is not the name. Type it as it stands on the card.", field="typed_name")
    actor.require_fresh()
    account_effects.lock(db)
    mine = sa.select(col(Account.id)).where(col(Account.person_id) == person_id)
    administers = account_effects.administrators_among(db, mine)
    accounts = list(db.scalars(mine))
    removed = traces.remove(db, person_ids=[person_id])
    if administers:
        account_effects.administrator_stays(db)
    details = {"accounts": accounts, "messages": len(removed.references)}
    audit.record(db, actor, action="person.erased", object_kind="person", object_id=person_id, details=details)
    return removed


def _erasable(db: Session, actor: Actor, person_id: int) -> Person:
    actor.require(Permission.ANSWER_RIGHTS)
    mine = sa.select(Person).where(col(Person.id) == person_id, scope.people(actor))
    person: Person | None = db.scalars(mine).first()
    if person is None:
        raise NotFound("There is no such person any more. Go back to the list.")
    if person_id == actor.person_id:
        raise Conflict("This is you. Another administrator can erase you.")
    return person


def _name(person: Person) -> str:
    return " ".join(filter(None, (person.first_name, person.middle_name, person.last_name)))


def _about(kind: str, object_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(col(AuditEntry.object_kind) == kind, col(AuditEntry.object_id) == object_id)


def _count(db: Session, which: sa.ColumnElement[bool]) -> int:
    return db.scalar(sa.select(sa.func.count()).where(which)) or 0
