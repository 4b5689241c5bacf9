"""Who delivers: alive while the heart beats, silent after a minute; work that comes again is done by one."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from core import database
from core.services import workers
from tests.conftest import Clock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]


def beat(name: str, process_id: int = 1) -> None:
    with database.transaction() as db:
        workers.beat(db, executor_id=name, host="here", process_id=process_id)


def alive() -> frozenset[str]:
    with database.reading() as db:
        return workers.alive(db)


def test_a_process_is_alive_until_its_heart_has_been_silent_for_a_minute(clock: Clock) -> None:
    beat("web")
    clock.forward(seconds=40)
    beat("worker")
    assert alive() == {"web", "worker"}
    clock.forward(seconds=30)
    assert alive() == {"worker"}
    beat("web", process_id=2)
    assert alive() == {"web", "worker"}


def test_who_stops_in_order_is_gone_at_once(clock: Clock) -> None:
    beat("web")
    with database.transaction() as db:
        workers.leave(db, executor_id="web")
    assert alive() == frozenset()


def test_work_that_comes_again_is_done_by_one_process_at_a_time(clock: Clock) -> None:
    barrier, turns = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait()
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            turns.append(workers.is_my_turn(db, job="count", every=timedelta(minutes=15)))

    for _round in range(2):
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(turns) == 1
        turns.clear()
        clock.forward(minutes=16)
