"""How fast a school is there: the server started, the demo school made."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from core import database, demo
from core.config import ROOT
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import scratch_school
from tests.peers import firstkey

STUDENTS = 100_000


def run(report: Report) -> None:
    """The figures of the group."""
    cold_start(report)
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


def cold_start(report: Report) -> None:
    """`make run` on a machine that is set up, until /healthz answers 200."""
    with tempfile.TemporaryDirectory() as folder:
        with firstkey.running(Path(folder)):
            pass  # the first start makes the school
        report.median("cold_start", "s", measure=lambda: _start_once(Path(folder)), runs=5)


def _start_once(folder: Path) -> float:
    port = str(firstkey.free_port())
    environment = os.environ | {
        "FIRSTKEY_DATABASE_URL": f"sqlite:///{folder / 'firstkey.db'}",
        "FIRSTKEY_ENGINE_URL": f"sqlite:///{folder / 'engine.db'}",
        "FIRSTKEY_PORT": port,
    }
    started = time.perf_counter()
    process = subprocess.Popen(["make", "-s", "run"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while not _is_healthy(port):
            time.sleep(0.01)
        return time.perf_counter() - started
    finally:
        subprocess.run(["pkill", "-INT", "-P", str(process.pid)], check=False)
        process.wait(30)


def _is_healthy(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
