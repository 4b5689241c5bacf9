"""Students per academic period: listed or enrolled in a class of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import AcademicPeriod, AccountRole, Enrolment, EnrolmentKind, Person, Section
from core.tables.unindexed import Unindexed


def sections(period_id: int | None) -> sa.Select[Any]:
    """The ids of the classes of a period, of the current one when none is named."""
    query = sa.select(col(Section.id))
    if period_id is not None:
        return query.where(col(Section.period_id) == period_id)
    current = sa.select(col(AcademicPeriod.id)).where(col(AcademicPeriod.is_current))
    return query.where(col(Section.period_id).in_(current))


def other_sections(period_id: int | None) -> sa.Select[Any]:
    """The ids of all other classes."""
    return sa.select(col(Section.id)).where(col(Section.id).not_in(sections(period_id)))


def in_force(role: type[AccountRole] = AccountRole) -> sa.ColumnElement[bool]:
    """Holds for roles that an account has today: of every period or the current one, between their two dates."""
    today = clock.today()
    current = sa.select(col(AcademicPeriod.id)).where(col(AcademicPeriod.is_current))
    return sa.and_(
        sa.or_(col(role.period_id).is_(None), col(role.period_id).in_(current)),
        sa.or_(col(role.starts_on).is_(None), col(role.starts_on) <= today),
        sa.or_(col(role.ends_on).is_(None), col(role.ends_on) >= today),
    )


def has_class(person: type[Person], period_id: int | None) -> sa.ColumnElement[bool]:
    """Whether a person is listed or enrolled in a class of the period; most are decided by the listing alone."""
    enrolled = sa.select(col(Enrolment.id)).where(
        col(Enrolment.person_id) == col(person.id),
        col(Enrolment.kind) == EnrolmentKind.LEARNER,
        Unindexed(col(Enrolment.section_id)).in_(sections(period_id)),  # a person has few enrolments, a period many
    )
    listed = sa.func.coalesce(col(person.section_id), 0).in_(sections(period_id))
    return sa.or_(listed, enrolled.exists())


def year(db: Session) -> int:
    """The year in which the current period began; where nobody has said, this year."""
    current = sa.select(col(AcademicPeriod.starts_on)).where(col(AcademicPeriod.is_current))
    began = db.scalars(current.order_by(col(AcademicPeriod.starts_on).desc()).limit(1)).first()
    return began.year if began else clock.now().year
