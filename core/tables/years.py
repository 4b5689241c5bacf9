"""Academic years: their classes and students, what is left to do after one has begun, and the latest change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import (
    AcademicPeriod,
    Account,
    Enrolment,
    EnrolmentKind,
    Person,
    PersonKind,
    PersonStatus,
    Section,
    YearChange,
    YearMove,
)
from core.rules.promotion import Class
from core.tables import counting, periods, reachability, school


@dataclass(frozen=True)
class Year:
    """An academic period with how much belongs to it."""

    id: int
    title: str
    starts_on: date | None
    ends_on: date | None
    is_current: bool
    classes: int
    students: int


@dataclass(frozen=True)
class Change:
    """The latest beginning of a year, which may be undone."""

    id: int
    title: str
    made_at: datetime
    went_up: int
    left: int


def all_of_them(db: Session) -> list[Year]:
    """The latest first."""
    classes = sa.select(sa.func.count()).where(col(Section.period_id) == col(AcademicPeriod.id)).scalar_subquery()
    learners = sa.select(sa.func.count(col(Enrolment.person_id).distinct())).join(
        Section, col(Section.id) == col(Enrolment.section_id)
    )
    learners = learners.where(
        col(Section.period_id) == col(AcademicPeriod.id), col(Enrolment.kind) == EnrolmentKind.LEARNER
    )
    query = sa.select(AcademicPeriod, classes, learners.correlate(AcademicPeriod).scalar_subquery())
    query = query.order_by(col(AcademicPeriod.starts_on).desc(), col(AcademicPeriod.title).desc())
    return [
        Year(row.id or 0, row.title, row.starts_on, row.ends_on, row.is_current, sections, students)
        for row, sections, students in db.execute(query)
    ]


def goes_up(db: Session) -> sa.ColumnElement[bool]:
    """Holds for students who count as Registered; all others stay where they are."""
    policy = school.policy(school.settings(db))
    return sa.and_(col(Person.kind) == PersonKind.STUDENT, reachability.counts(policy))


def classes(db: Session, *, period_id: int) -> list[Class]:
    """The classes of a year in the order of their titles, with how many students would go up."""
    mine = col(Person.section_id) == col(Section.id)
    students = sa.select(sa.func.count()).where(mine, goes_up(db)).scalar_subquery()
    query = sa.select(Section, students).where(col(Section.period_id) == period_id)
    rows = db.execute(query.order_by(col(Section.sort_title), col(Section.school), col(Section.id)))
    return [Class(row.id or 0, row.title, row.grade, row.school, number) for row, number in rows]


def sums(db: Session, *, period_id: int) -> tuple[int, int, int]:
    """What stands for exactly the students who would go up; no list of 100,000 has to leave the database."""
    key = sa.cast(col(Person.id), sa.BigInteger)
    mine = sa.select(col(Section.id)).where(col(Section.period_id) == period_id)
    numbers = sa.select(sa.func.count(), sa.func.sum(key), sa.func.sum(key * col(Person.section_id) % 1_000_003))
    count, ids, mixed = db.execute(numbers.where(goes_up(db), col(Person.section_id).in_(mine))).one()
    return int(count), int(ids or 0), int(mixed or 0)


def without_class(db: Session) -> sa.Select[Any]:
    """The ids of students who count and have no class in the current year: *Students Without Period*."""
    return sa.select(col(Person.id)).where(goes_up(db), sa.not_(periods.has_class(Person, None)))


def accounts_of_leavers() -> sa.Select[Any]:
    """The accounts that are not switched off of those who left, students or not."""
    query = sa.select(col(Account.id)).join(Person, col(Person.id) == col(Account.person_id))
    return query.where(col(Person.status) == PersonStatus.LEFT, col(Account.deactivated_at).is_(None))


def count(db: Session, people: sa.Select[Any]) -> int:
    return counting.rows(db, people)


def latest_change(db: Session) -> Change | None:
    """The latest one that was not undone."""
    query = sa.select(YearChange, col(AcademicPeriod.title)).join(
        AcademicPeriod, col(AcademicPeriod.id) == col(YearChange.period_id)
    )
    row = db.execute(query.where(col(YearChange.undone_at).is_(None)).order_by(col(YearChange.id).desc())).first()
    if row is None:
        return None
    change, title = row
    moves = sa.select(sa.func.count(), sa.func.count(col(YearMove.to_section_id)))
    moved, went_up = db.execute(moves.where(col(YearMove.change_id) == change.id)).one()
    return Change(change.id or 0, title, change.made_at, went_up, moved - went_up)
