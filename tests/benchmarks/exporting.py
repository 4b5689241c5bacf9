"""The Students List of 100,000 as a file: twelve columns, in the order of names, by the process that makes long files.

From the moment it is asked for to the last byte fetched; and how quick pages of the list are beside such a process.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from core import database
from core.config import ROOT
from core.models import ReportRequest
from core.permissions import Actor
from core.rules.report_requests import Asked
from core.services import open_session, report_requests, selections
from core.tables import selection_rows, students
from core.tables.filters import PAGE_SIZE, Page, StudentFilter
from tests.benchmarks import list_reruns, staff_sessions
from tests.benchmarks.report import Report, p95
from tests.benchmarks.scratch import seeded_school

STUDENTS, RUNS = 100_000, 3
COLUMNS = (
    *("source_id", "name", "grade", "section", "status", "state", "email_refusal", "invited_at", "username"),
    *("personal_email", "mobile", "guardian"),
)


@dataclass(frozen=True)
class Made:
    """How long it took, and the most memory that the process had."""

    seconds: float
    mb: float


def run(report: Report) -> None:
    with seeded_school(students=STUDENTS):
        figures(report)


def figures(report: Report) -> None:
    """In the school that is there."""
    for kind in ("csv", "xlsx"):
        made = [_made(_signed_in(), f"list-{kind}") for _ in range(RUNS)]
        report.figure(f"{kind}_100k_s", statistics.median(one.seconds for one in made), "s", runs=RUNS)
        report.figure(f"{kind}_peak_mb_100k", max(one.mb for one in made), "MB", runs=RUNS)
    beside = _beside_a_report(_signed_in())
    report.figure("list_beside_report_p95_ms_100k", p95(beside), "ms", runs=len(beside))


def _signed_in() -> Actor:
    token = staff_sessions.tokens(1)[0]
    with database.reading() as db:
        actor = open_session.actor_of(db, token=token)
    assert actor
    return actor


def _made(actor: Actor, kind: str) -> Made:
    started = time.perf_counter()
    request_id = _asked(actor, kind)
    with _maker(request_id) as maker:
        most = _most_memory(maker)
    with database.transaction() as db:
        token = db.get_one(ReportRequest, request_id).token
        fetched = report_requests.fetch(db, actor, token=token)
        size = sum(len(report_requests.part(db, fetched, number)) for number in range(fetched.parts))
    assert size == fetched.size > STUDENTS
    return Made(time.perf_counter() - started, most)


def _asked(actor: Actor, kind: str) -> int:
    with database.transaction() as db:
        selection_id = selections.show(db, actor, list_name="students", filter=StudentFilter()).id or 0
        size = selection_rows.size(db, actor, selection_id=selection_id, scope="shown")
        asked = Asked(kind, selection_id, "shown", size, COLUMNS)
        return report_requests.ask(db, actor, asked=asked, title="Benchmark")


def _maker(request_id: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "core.delivery.maker_process", str(request_id)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)


def _most_memory(process: subprocess.Popen[bytes]) -> float:
    """In MB, looked at until it ends: its own, not the pages of the database file that the system maps and shares."""
    most, status = 0.0, Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        found = re.findall(r"RssAnon:\s+(\d+)", status.read_text())
        most = max(most, int(found[0]) / 1024) if found else most
        time.sleep(0.02)
    return most


def _beside_a_report(actor: Actor) -> list[float]:
    """Milliseconds of pages of the list, for as long as a report of everybody is made."""
    chance, taken = Random(5), list[float]()
    with _maker(_asked(actor, "student-account-info")) as maker:
        while maker.poll() is None:
            page = Page(chance.randint(1, STUDENTS // PAGE_SIZE // 10))
            taken.append(list_reruns.ms(lambda db, p=page: students.page(db, actor, filter=StudentFilter(), page=p)))
            time.sleep(0.02)
    return taken
