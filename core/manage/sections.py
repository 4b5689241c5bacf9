"""Classes as they are named on the command line."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.errors import InputProblem
from core.models import AcademicPeriod, Section


def named(db: Session, titles: list[str]) -> tuple[int, ...]:
    """Ids of the classes of the current period."""
    current = select(Section.id).join(AcademicPeriod, col(AcademicPeriod.id) == col(Section.period_id))
    ids = []
    for title in titles:
        same = current.where(col(AcademicPeriod.is_current), sa.func.lower(col(Section.title)) == title.lower())
        found = [number or 0 for number in db.exec(same)]
        if not found:
            raise InputProblem(f"There is no class {title} in the current period.")
        ids += found
    return tuple(ids)
