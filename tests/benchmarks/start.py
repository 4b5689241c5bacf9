"""How fast a school is there: the demo school made."""

from __future__ import annotations

import time

from core import database, demo
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import scratch_school

STUDENTS = 100_000


def run(report: Report) -> None:
    """The figures of the group."""
    seeding(report)


def seeding(report: Report) -> None:
    """People and accounts of a demo school of 100,000 students, per second."""
    report.median("seed_people_per_s", "1/s", measure=_people_per_second)


def _people_per_second() -> float:
    with scratch_school():
        started = time.perf_counter()
        with database.transaction() as db:
            made = demo.seed(db, students=STUDENTS, seed=1)
        took = time.perf_counter() - started
    return (made.students + made.guardians + made.staff + made.accounts) / took
