"""A district of 50 schools and about 1,000,000 people. Making them takes minutes, so it is a group of its own.

Asked of it: what is asked at 100,000, by an office that sees everybody and by a coordinator of one school.
"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from sqlmodel import col

from core import database
from core.models import Section
from core.permissions import Actor, Role, Scope
from tests.benchmarks import list_reruns, lists, status
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import seeded_school

STUDENTS, SCHOOLS = 430_000, 50  # with their guardians and the staff, 1,000,000 people


def run(report: Report) -> None:
    """The same questions as at 100,000."""
    with seeded_school(students=STUDENTS):
        _share_among_schools()
        office = list_reruns.office()
        list_reruns.figures(report, office, suffix="1m")
        status.figures(report, office, suffix="1m")
        coordinator = _of_school(office, 7)
        list_reruns.figures(report, coordinator, suffix="1m_one_school")
        status.figures(report, coordinator, suffix="1m_one_school")
    lists.on_postgresql(report, students=STUDENTS, suffix="1m_pg")


def _share_among_schools() -> None:
    """Every fiftieth class is of the same school, so that each has classes of all grades."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        number = sa.cast(col(Section.id) % SCHOOLS, sa.String())
        db.execute(sa.update(Section).values(school=sa.literal("School ").concat(number)))


def _of_school(actor: Actor, number: int) -> Actor:
    """The same account as a coordinator of one school."""
    with database.reading() as db:
        sections = db.scalars(sa.select(col(Section.id)).where(col(Section.school) == f"School {number}"))
        scope = Scope(section_ids=frozenset(sections))
    return replace(actor, roles=frozenset({Role.COORDINATOR}), scope=scope)
