"""kill -9 in the middle of creating users in Microsoft 365: everybody is there once, licensed and linked.

With FIRSTKEY_CHAOS=long it is the thousand of the promise, with as many kills as fit.
"""

from __future__ import annotations

import os
import signal

import pytest
from sqlmodel import select

from core import config, database
from core.delivery import directory_look_up
from core.models import ChangeStatus, DirectoryChange, DirectoryRunStatus, Person, SchoolSettings
from core.services import directory_creation, directory_look_ups
from core.tables import directory_runs
from tests.delivery.engine_room import SECRETARY, school
from tests.delivery.test_kill import worker
from tests.peers.graph import Graph
from tests.peers.tenant import GROUP, finished

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]
LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
PEOPLE, KILLS = (1_000, tuple(range(70, 1_000, 130))) if LONG else (60, (7, 25, 44))


def _launch() -> int:
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.microsoft, own.microsoft_user_types, own.microsoft_domain = True, ["student"], "school.example"
        own.microsoft_licence_group = GROUP
        look_up = directory_look_ups.ask(db, SECRETARY)
    directory_look_up.run(look_up)
    with database.reading() as db:
        plan = directory_creation.preview(db, SECRETARY)
    assert len(plan.new) == PEOPLE
    with database.transaction() as db:
        return directory_creation.launch(db, SECRETARY, seen=plan.seen, typed_count=PEOPLE)


def test_f1_kill_9_while_many_are_created(monkeypatch: pytest.MonkeyPatch, database_url: str, graph: Graph) -> None:
    if database_url.startswith("postgresql"):
        monkeypatch.setenv("FIRSTKEY_ENGINE_URL", database_url.replace("+psycopg", ""))
        config.settings.cache_clear()
    school(PEOPLE)
    run_id = _launch()
    graph.delay_s = 0.05
    for number in KILLS:
        with worker() as process:
            graph.wait_for(number)
            os.kill(process.pid, signal.SIGKILL)
            process.wait(30)
    assert len(graph.users) < PEOPLE
    with worker():
        run = finished(run_id, seconds=300)
    assert run.status == DirectoryRunStatus.DONE and run.attempt > len(KILLS)
    codes = [user["employeeId"] for user in graph.users.values()]
    assert sorted(codes) == sorted(f"S{number}" for number in range(1, PEOPLE + 1)), "everybody once"
    assert graph.groups[GROUP] == set(graph.users)
    with database.reading() as db:
        assert directory_runs.counts(db, run_id=run_id) == {ChangeStatus.DONE: PEOPLE}
        known = {change.object_id: change.address for change in db.exec(select(DirectoryChange))}
        assert known == {key: user["userPrincipalName"] for key, user in graph.users.items()}
        assert set(db.exec(select(Person.external_email))) == set(known.values())
