"""Undoing the beginning of a year: everything as it was before, or nothing when something newer has happened."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, NotFound
from core.models import (
    AcademicPeriod,
    AccountChange,
    Enrolment,
    ImportRun,
    Person,
    Section,
    YearChange,
    YearMove,
)
from core.permissions import Actor, Permission
from core.rules import account_acts
from core.services import account_effects, audit, year_roles
from core.tables import counting

_QUIET = {"synchronize_session": False}
_BACK = ("section_id", "grade", "sort_grade", "status", "updated_at")


def undo(db: Session, actor: Actor, *, change_id: int) -> int:
    """Put everybody back; gives how many. Refuses with Conflict when anything of it was changed since."""
    actor.require(Permission.MANAGE_PERIODS)
    account_effects.lock(db)
    change = _latest(db, change_id)
    if newer := _newer(db, change):
        raise Conflict(f"This cannot be undone any more: {newer}. Change what is wrong by hand instead.")
    moved = _moves(change)
    made = sa.select(col(YearMove.to_section_id), col(YearMove.person_id)).where(*moved, col(YearMove.enrols))
    of_change = sa.tuple_(col(Enrolment.section_id), col(Enrolment.person_id)).in_(made)
    db.execute(sa.delete(Enrolment).where(of_change).execution_options(**_QUIET))
    people = sa.select(col(YearMove.person_id)).where(*moved)
    number = counting.rows(db, people)
    back = {name: _was(change, name) for name in _BACK}
    db.execute(sa.update(Person).where(col(Person.id).in_(people)).values(**back).execution_options(**_QUIET))
    db.execute(sa.delete(YearMove).where(*moved).execution_options(**_QUIET))
    year_roles.take_back(db, change)
    db.execute(sa.delete(Section).where(col(Section.id).in_(change.sections_made)).execution_options(**_QUIET))
    current = col(AcademicPeriod.id).in_(change.current_before)
    db.execute(sa.update(AcademicPeriod).values(is_current=current).execution_options(**_QUIET))
    change.undone_at = clock.now()
    db.add(change)
    db.flush()
    db.expire_all()
    details = {"change": change_id, "students": number}
    audit.record(db, actor, action="year.undone", object_kind="period", object_id=change.period_id, details=details)
    return number


def _latest(db: Session, change_id: int) -> YearChange:
    query = sa.select(YearChange).where(col(YearChange.undone_at).is_(None)).order_by(col(YearChange.id).desc())
    change: YearChange | None = db.scalars(query.with_for_update()).first()
    if change is None or change.id != change_id:
        raise NotFound("There is nothing to undo: somebody was quicker, or another year has begun since.")
    return change


def _newer(db: Session, change: YearChange) -> str:
    """What has happened since that undoing would lose; empty when nothing has."""
    current = list(db.scalars(sa.select(col(AcademicPeriod.id)).where(col(AcademicPeriod.is_current))))
    if current != [change.period_id]:
        return "another year is the current one"
    if _any(db, sa.select(col(ImportRun.id)).where(col(ImportRun.applied_at) > change.made_at)):
        return "a file was imported since"
    role_acts = [act.value for act in account_acts.ROLE_CHANGES]
    roles = sa.select(col(AccountChange.id)).where(
        col(AccountChange.made_at) > change.made_at, col(AccountChange.act).in_(role_acts)
    )
    if _any(db, roles):
        return "roles were given or ended since"
    if changed := _changed_people(db, change):
        return f"{changed:,} of the students were changed since"
    return "students were put into the new classes since" if _strangers(db, change) else ""


def _changed_people(db: Session, change: YearChange) -> int:
    """Every change of a person moves `updated_at` on."""
    other = sa.or_(
        col(Person.updated_at) != change.made_at,
        sa.func.coalesce(col(YearMove.to_section_id), col(YearMove.section_id)) != col(Person.section_id),
        col(Person.section_id).is_(None),
    )
    query = sa.select(sa.func.count()).select_from(YearMove).join(Person, col(Person.id) == col(YearMove.person_id))
    return db.scalar(query.where(*_moves(change), other)) or 0


def _strangers(db: Session, change: YearChange) -> bool:
    """Whoever is in the classes that were made and did not come with the year; or came, and is out of them again."""
    movers = sa.select(col(YearMove.person_id)).where(*_moves(change))
    made = change.sections_made
    listed = sa.select(col(Person.id)).where(col(Person.section_id).in_(made), col(Person.id).not_in(movers))
    enrolled = sa.select(col(Enrolment.id)).where(
        col(Enrolment.section_id).in_(made), col(Enrolment.person_id).not_in(movers)
    )
    there = sa.select(col(Enrolment.id)).where(
        col(Enrolment.section_id) == col(YearMove.to_section_id), col(Enrolment.person_id) == col(YearMove.person_id)
    )
    gone = sa.select(col(YearMove.person_id)).where(*_moves(change), col(YearMove.enrols), ~there.exists())
    return any(_any(db, query) for query in (listed, enrolled, gone))


def _moves(change: YearChange) -> list[sa.ColumnElement[bool]]:
    return [col(YearMove.change_id) == change.id]


def _was(change: YearChange, name: str) -> Any:
    mine = sa.select(getattr(YearMove, name)).where(*_moves(change), col(YearMove.person_id) == col(Person.id))
    return mine.scalar_subquery()


def _any(db: Session, query: sa.Select[Any]) -> bool:
    return db.scalar(query.limit(1)) is not None
