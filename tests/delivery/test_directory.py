"""Microsoft's directory through the delivery engine: in the background, once, and again after a stop."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from core import database
from core.delivery import engine
from core.models import DirectoryRunStatus, SchoolSettings
from core.services import directory_look_ups
from tests.cast import Cast
from tests.delivery.engine_room import start_engine
from tests.peers.graph import Graph
from tests.peers.tenant import finished

pytestmark = pytest.mark.both_databases


@pytest.fixture
def school(cast: Cast, graph: Graph) -> Iterator[Cast]:
    with database.transaction() as db:
        own = db.get_one(SchoolSettings, 1)
        own.microsoft, own.microsoft_user_types = True, ["student"]
    yield cast
    engine.shutdown()


def _ask(cast: Cast) -> int:
    with database.transaction() as db:
        return directory_look_ups.ask(db, cast.ada.actor)


def test_a_look_up_runs_beside_the_page_and_once_however_often_it_is_handed_over(school: Cast, graph: Graph) -> None:
    graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    start_engine()
    run_id = _ask(school)
    engine.start_directory()
    engine.start_directory()
    run = finished(run_id)
    assert (run.status, run.attempt, run.done) == (DirectoryRunStatus.DONE, 1, 1)


def test_a_look_up_that_a_stop_interrupted_is_made_by_the_next_process(school: Cast, graph: Graph) -> None:
    graph.add("sam@school.example", name="Sam Sideris", employee_id="S1")
    graph.throttle, graph.wait = lambda _number: True, "120"
    start_engine()
    run_id = _ask(school)
    engine.start_directory()
    for _ in range(400):
        if graph.requests:
            break
        time.sleep(0.05)
    engine.shutdown()
    graph.throttle = lambda _number: False
    start_engine()
    run = finished(run_id)
    assert (run.status, run.done) == (DirectoryRunStatus.DONE, 1) and run.attempt > 1
