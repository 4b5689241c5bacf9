"""Students per academic period: listed or enrolled in a class of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.models import AcademicPeriod, Enrolment, EnrolmentKind, Person, Section


def sections(period_id: int | None) -> sa.Select[Any]:
    """The ids of the classes of a period, of the current one when none is named."""
    query = sa.select(col(Section.id))
    if period_id is not None:
        return query.where(col(Section.period_id) == period_id)
    current = sa.select(col(AcademicPeriod.id)).where(col(AcademicPeriod.is_current))
    return query.where(col(Section.period_id).in_(current))


def has_class(period_id: int | None) -> sa.ColumnElement[bool]:
    """Whether a person is listed or enrolled in a class of the period; most are decided by the listing alone."""
    enrolled = sa.select(col(Enrolment.id)).where(
        col(Enrolment.person_id) == col(Person.id),
        col(Enrolment.kind) == EnrolmentKind.LEARNER,
        col(Enrolment.section_id).in_(sections(period_id)),
    )
    listed = sa.func.coalesce(col(Person.section_id), 0).in_(sections(period_id))
    return sa.or_(listed, enrolled.exists())


def students(period_id: int | None) -> sa.CompoundSelect[Any]:
    """The ids of the students of the period."""
    listed = aliased(Person)
    of_class = sa.select(col(listed.id)).where(col(listed.section_id).in_(sections(period_id)))
    enrolled = sa.select(col(Enrolment.person_id)).where(
        col(Enrolment.kind) == EnrolmentKind.LEARNER, col(Enrolment.section_id).in_(sections(period_id))
    )
    return of_class.where(col(listed.kind) == "student").union(enrolled)
