"""How long a look-up of Microsoft's directory takes: 10,000 users, read from a counterpart that throttles, compared
with 10,000 people, and the proposals stored."""

from __future__ import annotations

import os
import time
from unittest import mock

import sqlalchemy as sa
from sqlmodel import col

from core import config, database
from core.delivery import directory_look_up
from core.models import DirectoryMatch, DirectoryRun, DirectoryRunStatus, Person, SchoolSettings
from core.permissions import command_line
from core.services import directory_look_ups
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import seeded_school
from tests.peers import entra as peer
from tests.peers.graph import Graph

USERS = 10_000
ACTOR = command_line("benchmark")


def run(report: Report) -> None:
    """The figure of the group."""
    with seeded_school(students=USERS) as folder, peer.running(folder, []) as entra:
        with mock.patch.dict(os.environ, entra.settings()):
            config.settings.cache_clear()
            _fill(entra.graph)
            report.median("graph_match_10k_s", "s", measure=lambda: _seconds(entra.graph))
        config.settings.cache_clear()
        _must_have_matched()


def _fill(graph: Graph) -> None:
    """Most bear their code, some only the name, some neither; every third request is turned away for a second."""
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.microsoft, own.microsoft_user_types = True, ["student"]
        columns = (col(Person.first_name), col(Person.last_name), col(Person.source_id))
        students = db.execute(sa.select(*columns).where(col(Person.kind) == "student").limit(USERS)).all()
    for number, (first, last, code) in enumerate(students):
        known, named = number % 10 < 8, number % 10 < 9
        name = f"{first} {last}" if named else f"Unknown Stranger{number}"
        graph.add(f"user{number}@school.example", name=name, employee_id=code if known else "")
    graph.throttle = lambda number: number % 3 == 0


def _seconds(graph: Graph) -> float:
    with database.transaction() as db:
        run_id = directory_look_ups.ask(db, ACTOR)
    graph.requests = 0
    started = time.perf_counter()
    directory_look_up.run(run_id)
    taken = time.perf_counter() - started
    with database.reading() as db:
        done = db.get_one(DirectoryRun, run_id)
        assert (done.status, done.done) == (DirectoryRunStatus.DONE, USERS), done.refusal
    return taken


def _must_have_matched() -> None:
    with database.reading() as db:
        certain = db.scalar(sa.select(sa.func.count()).where(col(DirectoryMatch.certainty) == "certain"))
    assert certain and certain > USERS // 2, certain
