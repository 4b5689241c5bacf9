"""Who belongs to whom: guardians, siblings and the students of a guardian, as a card shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import Account, Guardianship, Person, PersonKind, Section
from core.permissions import Actor, Permission
from core.rules.account_state import AccountState
from core.tables import account_state, conditions, scope
from core.tables.frames import masked


@dataclass(frozen=True)
class Relative:
    """Somebody who belongs to the person of the card. `guardianship_id` is None for siblings."""

    person_id: int
    is_student: bool
    name: str
    relation: str
    section: str
    email: str
    mobile: str
    state: AccountState
    account_id: int | None
    guardianship_id: int | None = None


def guardians(db: Session, actor: Actor, *, student_id: int) -> list[Relative]:
    """Who answers today for a student within the actor's scope, in the order in which they are asked."""
    query = _people(db, actor).join(Guardianship, col(Guardianship.guardian_id) == col(Person.id))
    query = query.add_columns(col(Guardianship.relation), col(Guardianship.id).label("guardianship"))
    mine = query.where(col(Guardianship.student_id) == student_id, scope.holds_today(), _seen(actor, student_id))
    return _read(db, actor, mine.order_by(col(Guardianship.priority), col(Person.sort_name)))


def students(db: Session, actor: Actor, *, guardian_id: int) -> list[Relative]:
    """For whom the guardian answers today, within the actor's scope."""
    query = _people(db, actor).join(Guardianship, col(Guardianship.student_id) == col(Person.id))
    query = query.add_columns(col(Guardianship.relation), col(Guardianship.id).label("guardianship"))
    mine = query.where(col(Guardianship.guardian_id) == guardian_id, scope.holds_today(), scope.people(actor))
    return _read(db, actor, mine.order_by(col(Person.sort_name)))


def siblings(db: Session, actor: Actor, *, student_id: int) -> list[Relative]:
    """Students who share a guardian with this one today, within the actor's scope."""
    mine, theirs = aliased(Guardianship), Guardianship
    today = [scope.holds_today(), scope.holds_today(mine)]
    shared = sa.select(col(theirs.student_id)).join(mine, col(mine.guardian_id) == col(theirs.guardian_id))
    shared = shared.where(col(mine.student_id) == student_id, col(theirs.student_id) != student_id, *today)
    query = _people(db, actor).where(col(Person.id).in_(shared), scope.people(actor), _seen(actor, student_id))
    nothing = sa.literal("").label("relation"), sa.null().label("guardianship")
    return _read(db, actor, query.add_columns(*nothing).order_by(col(Person.sort_name)))


def _seen(actor: Actor, student_id: int) -> sa.ColumnElement[bool]:
    """Holds when the student of the card is one whom the actor may see (R60)."""
    return sa.literal(student_id).in_(
        sa.select(col(Person.id)).where(col(Person.id) == student_id, scope.people(actor))
    )


def _people(db: Session, actor: Actor) -> sa.Select[Any]:
    actor.require(Permission.SEE_STUDENTS)
    given = conditions.given(db)
    state = account_state.state(given.now, given.policy).label("state")
    columns: tuple[Any, ...] = (Person, col(Section.title), col(Account.id), state)
    query = sa.select(*columns).select_from(Person)
    query = query.outerjoin(Account, col(Account.person_id) == col(Person.id))
    return query.outerjoin(Section, col(Section.id) == col(Person.section_id))


def _read(db: Session, actor: Actor, query: sa.Select[Any]) -> list[Relative]:
    show: Callable[[str], str] = str if actor.may(Permission.SEE_CONTACTS) else masked
    return [
        Relative(
            person.id,
            person.kind == PersonKind.STUDENT,
            f"{person.first_name} {person.last_name}",
            relation,
            section or "",
            show(person.contact_email or person.personal_email),
            show(person.mobile),
            AccountState(state),
            account,
            guardianship,
        )
        for person, section, account, state, relation, guardianship in db.execute(query)
    ]
