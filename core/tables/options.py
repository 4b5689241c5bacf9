"""What the filters of the lists offer: classes and grades within the actor's scope."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import AcademicPeriod, Person, PersonKind, Section
from core.permissions import Actor


def sections(db: Session, actor: Actor) -> dict[int, str]:
    """The classes of the current period by id, in the order of their titles."""
    query = sa.select(col(Section.id), col(Section.title), col(Section.school)).join(
        AcademicPeriod, col(AcademicPeriod.id) == col(Section.period_id)
    )
    query = query.where(col(AcademicPeriod.is_current)).order_by(col(Section.title), col(Section.school))
    if not actor.scope.everybody:
        query = query.where(col(Section.id).in_(sorted(actor.scope.section_ids)))
    rows = db.execute(query).all()
    often = Counter(title for _id, title, _school in rows)
    return {
        section_id: f"{title}, {school}" if often[title] > 1 and school else title for section_id, title, school in rows
    }


def grades(db: Session, actor: Actor) -> list[str]:
    """The grades of the students whom the actor may see."""
    if actor.scope.everybody:
        query = sa.select(col(Person.grade)).where(col(Person.kind) == PersonKind.STUDENT)
    else:
        query = sa.select(col(Section.grade)).where(col(Section.id).in_(sorted(actor.scope.section_ids)))
    found = [grade for grade in db.scalars(query.distinct()) if grade]
    return sorted(found, key=lambda grade: (not grade.isdigit(), int(grade) if grade.isdigit() else 0, grade))
