"""The Students List of 100,000 as a file, from the click to the last byte: twelve columns, in the order of names."""

from __future__ import annotations

import statistics
import time

from core import database
from core.permissions import Actor
from core.services import list_files, selections
from core.services.list_files import Order
from core.tables.filters import StudentFilter
from tests.benchmarks import list_reruns
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import seeded_school

STUDENTS, RUNS = 100_000, 3
COLUMNS = (
    *("source_id", "name", "grade", "section", "status", "state", "email_refusal", "invited_at", "username"),
    *("personal_email", "mobile", "guardian"),
)


def run(report: Report) -> None:
    with seeded_school(students=STUDENTS):
        actor = list_reruns.office()
        for kind in ("csv", "xlsx"):
            taken = [_export(actor, f"list-{kind}") for _ in range(RUNS)]
            report.figure(f"{kind}_100k_s", statistics.median(taken), "s", runs=RUNS)


def _export(actor: Actor, kind: str) -> float:
    """Seconds, with the reading, the audit and the writing in its own process."""
    started = time.perf_counter()
    with database.transaction() as db:
        shown = selections.show(db, actor, list_name="students", filter=StudentFilter()).id or 0
        size = selections.size(db, actor, selection_id=shown, scope="shown")
        asked = {"selection_id": shown, "scope": "shown", "expected": size, "columns": COLUMNS, "order": Order()}
        prepared = list_files.prepare(db, actor, kind=kind, **asked)  # type: ignore[arg-type]
    assert len(prepared.content()) > size * 20
    return time.perf_counter() - started
