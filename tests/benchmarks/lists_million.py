"""Students List of a district of about 1,000,000 people. Making them takes minutes, so it is a group of its own."""

from __future__ import annotations

from tests.benchmarks import list_reruns, lists
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import seeded_school

STUDENTS = 430_000  # with their guardians and the staff, 1,000,000 people


def run(report: Report) -> None:
    """The same questions as at 100,000."""
    with seeded_school(students=STUDENTS):
        list_reruns.figures(report, list_reruns.office(), suffix="1m")
    lists.on_postgresql(report, students=STUDENTS, suffix="1m_pg")
