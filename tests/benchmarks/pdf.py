"""Student Account Info from the database to bytes; the same rows with fpdf2's cell() and with reportlab.

CPU seconds of everything concerned, in fresh processes that have loaded what they need. Comparisons run interleaved.
"""

from __future__ import annotations

import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sqlmodel import select

from core import database, migrations
from core import demo as school
from core.config import ROOT
from core.documents.papers import Credentials
from core.models import Account
from core.permissions import Actor, Role, Scope, command_line
from core.services import initial_passwords, invitations, reports, selections
from core.services.reports import Prepared
from core.tables import selection_rows
from core.tables.filters import StudentFilter
from tests.benchmarks.report import Report
from tests.cast import FRESH_FOR_GOOD

RUNS = 3
SLIPS = 8_000


def run(report: Report) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, students in (("1k", 1_000), ("10k", 10_000), ("100k", 100_000)):
            environment = _school(Path(folder) / name, students)
            ours = [_in_fresh_process(environment, "ours") for _ in range(RUNS)]
            report.figure(
                f"pdf_rows_per_cpu_s_{name}", students / statistics.median(run["cpu"] for run in ours), "1/s", runs=RUNS
            )
            if name == "10k":
                slips = [_in_fresh_process(environment, "slips") for _ in range(RUNS)]
                report.figure(
                    "slips_per_cpu_s_8k",
                    statistics.median(run["people"] / run["cpu"] for run in slips),
                    "1/s",
                    runs=RUNS,
                )
                _compare(report, environment)
            if name == "100k":
                report.figure("pdf_peak_mb_100k", statistics.median(run["drawing_mb"] for run in ours), "MB", runs=RUNS)


def _compare(report: Report, environment: dict[str, str]) -> None:
    """The drawing alone on both sides: the same prepared rows, the same columns and heights."""
    for other in ("fpdf2_cell", "reportlab"):
        ratios = []
        for _ in range(RUNS):
            ours, theirs = (_in_fresh_process(environment, what)["drawing"] for what in ("ours", other))
            ratios.append(theirs / ours)
        report.figure(f"pdf_vs_{other}_10k", statistics.median(ratios), "ratio", runs=RUNS)


def _school(folder: Path, students: int) -> dict[str, str]:
    """The environment of a demo school of that size."""
    folder.mkdir()
    environment = os.environ | {
        "FIRSTKEY_DATABASE_URL": f"sqlite:///{folder / 'firstkey.db'}",
        "FIRSTKEY_SECRET_KEY": bytes(range(100, 132)).hex(),
    }
    _in_fresh_process(environment, "seed", str(students))
    return environment


def _in_fresh_process(environment: dict[str, str], *what: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.pdf", *what]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout or "{}"))


def _prepared() -> Prepared:
    with database.transaction() as db:
        account = db.exec(select(Account).limit(1)).one()
        everybody = Scope(everybody=True)
        actor = Actor("benchmark", account.id, account.person_id, frozenset({Role.OFFICE}), everybody)
        actor = replace(actor, fresh_until=FRESH_FOR_GOOD)
        selections.current(db, actor, list_name="students")
        selections.show(db, actor, list_name="students", filter=StudentFilter())
    with database.transaction() as db:
        selection_id = selections.current(db, actor, list_name="students").id
        size = selection_rows.size(db, actor, selection_id=selection_id, scope="shown")
        return reports.prepare(
            db, actor, kind="student-account-info", selection_id=selection_id, scope="shown", expected=size
        )


def _prepared_slips() -> Prepared:
    """8,000 accounts without a chosen password get an initial password and a link, then their slips are read.

    Those of the guardians who answer for the students among them come along, as the report has it.
    """
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        accounts = list(db.exec(select(Account).where(Account.password_hash == "").limit(SLIPS + 1)))
        mine, chosen = accounts[0], [account.id or 0 for account in accounts[1:]]
        actor = Actor("benchmark", mine.id, mine.person_id, frozenset({Role.ADMINISTRATOR}), Scope(everybody=True))
        actor = replace(actor, fresh_until=FRESH_FOR_GOOD)
        selections.clear(db, actor, list_name="accounts")
        selections.tick(db, actor, list_name="accounts", on=chosen)
        selection_id = selections.current(db, actor, list_name="accounts").id or 0
        found = initial_passwords.check(db, actor, selection_id=selection_id)
        if found.replaced < found.receive:
            initial_passwords.issue(
                db, actor, selection_id=selection_id, expected=found.receive, typed_count=found.receive
            )
            for account_id in chosen:
                invitations.issue_link(db, account_id=account_id, channel="copied", address="", days=7)
    with database.transaction() as db:
        size = selection_rows.size(db, actor, selection_id=selection_id)
        return reports.prepare(
            db, actor, kind="credentials", selection_id=selection_id, scope="selected", expected=size
        )


def _measure(what: str) -> dict[str, float]:
    """Read in this process, draw in one that has only what the press has loaded."""
    prepared = _prepared_slips if what == "slips" else _prepared
    prepared()  # what SQLAlchemy compiles and loads once per process
    begin = time.process_time()
    paper = prepared().paper
    sent = pickle.dumps(paper)
    reading = time.process_time() - begin
    people = sum(group.count for group in (paper.groups if isinstance(paper, Credentials) else paper.classes))
    command = [sys.executable, "-m", "tests.benchmarks.pdf_drawing", what]
    alone = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # as the press starts it
    done = subprocess.run(command, cwd=ROOT, input=sent, env=alone, capture_output=True, check=True)
    drawing = json.loads(done.stdout)
    return {"cpu": reading + drawing["cpu"], "drawing": drawing["cpu"], "drawing_mb": drawing["mb"], "people": people}


def main(what: str, *rest: str) -> None:
    if what == "seed":
        migrations.upgrade()
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            school.seed(db, students=int(rest[0]), seed=1, actor=command_line("benchmark"))
        return
    print(json.dumps(_measure(what)))


if __name__ == "__main__":
    main(*sys.argv[1:])
