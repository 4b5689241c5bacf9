"""Who delivers: one row a process while its heart beats; work that comes again is done by one of them."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from core import database
from core.services import workers
from tests.conftest import Clock

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]


def beat(name: str, process_id: int = 1) -> None:
    with database.transaction() as db:
        workers.beat(db, executor_id=name, host="here", process_id=process_id)


def beats() -> dict[str, datetime]:
    with database.reading() as db:
        return workers.beats(db)


def test_a_process_has_one_row_with_its_latest_beat_and_its_successor_takes_it_over(clock: Clock) -> None:
    beat("web")
    clock.forward(seconds=10)
    beat("web")
    assert beats() == {"web": clock.now}
    clock.forward(seconds=10)
    beat("web", process_id=2)
    assert beats() == {"web": clock.now}


def test_who_stops_in_order_is_gone_at_once(clock: Clock) -> None:
    beat("web")
    with database.transaction() as db:
        workers.leave(db, executor_id="web")
    assert beats() == {}


def test_f12_work_comes_again_although_the_clock_was_set_back_by_a_day(clock: Clock) -> None:
    assert _is_my_turn()
    clock.forward(days=-1)
    assert _is_my_turn()
    assert not _is_my_turn()
    clock.forward(minutes=-5)  # the clock of another machine may be as far behind
    assert not _is_my_turn()


def _is_my_turn() -> bool:
    with database.transaction() as db:
        return workers.is_my_turn(db, job="count", every=timedelta(minutes=15))


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
