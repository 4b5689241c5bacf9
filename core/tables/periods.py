"""Students per academic period: listed or enrolled in a class of it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from core.models import AcademicPeriod, Enrolment, EnrolmentKind, Person, Section
from core.tables.unindexed import Unindexed


def sections(period_id: int | None) -> sa.Select[Any]:
    """The ids of the classes of a period, of the current one when none is named."""
    query = sa.select(col(Section.id))
    if period_id is not None:
        return query.where(col(Section.period_id) == period_id)
    current = sa.select(col(AcademicPeriod.id)).where(col(AcademicPeriod.is_current))
    return query.where(col(Section.period_id).in_(current))


def has_class(person: type[Person], period_id: int | None) -> sa.ColumnElement[bool]:
    """Whether a person is listed or enrolled in a class of the period; most are decided by the listing alone."""
    enrolled = sa.select(col(Enrolment.id)).where(
        col(Enrolment.person_id) == col(person.id),
        col(Enrolment.kind) == EnrolmentKind.LEARNER,
        Unindexed(col(Enrolment.section_id)).in_(sections(period_id)),  # a person has few enrolments, a period many
    )
    listed = sa.func.coalesce(col(person.section_id), 0).in_(sections(period_id))
    return sa.or_(listed, enrolled.exists())
