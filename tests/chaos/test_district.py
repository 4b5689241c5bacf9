"""Two web processes behind nginx, two workers, one PostgreSQL, and all that can break between them does.

Nobody is written to twice, nobody is lost, and whoever opens a page has one again within ten seconds.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import clock, database
from core.models import DeliveryWorker
from tests.chaos import law
from tests.chaos.visitors import visiting
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, progress
from tests.deploy.district import Processes
from tests.peers import nginx, postgres, smtp
from tests.peers.firstkey import free_port
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.postgresql, pytest.mark.usefixtures("database")]

LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
PEOPLE, ROUNDS = (5000, 8) if LONG else (400, 1)
BACK_WITHIN_S, CUT_S, FULL_S = 10, 3.0, 2.0
QUICK_S, SLOW_S = 0.01, 8.0
WORKERS = ("first", "second")


def test_f1_f2_f4_f6_a_district_survives_whatever_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str, postgres_url: str
) -> None:
    sink, mail, ports = Behaviour(delay_s=QUICK_S), free_port(), (free_port(), free_port())
    law.use(monkeypatch, database_url, **law.by_smtp(mail, per_second=12))
    engine_room.school(PEOPLE)
    with nginx.running(tmp_path, port=free_port(), behind=ports) as front:
        own = {"public_base_url": front.url, "trusted_proxies": "127.0.0.1", "deliver_in_web": "no", "demo": "no"}
        processes = Processes(tmp_path, secret_key=os.environ["FIRSTKEY_SECRET_KEY"], **own)
        breaks: list[Callable[[], None]] = [
            *(lambda port=port: _web_dies(processes, port) for port in ports),  # type: ignore[misc]
            *(lambda name=name: _worker_dies(processes, name) for name in WORKERS),  # type: ignore[misc]
            lambda: postgres.restart(postgres_url),
            lambda: _no_room(processes),
            lambda: postgres.fill_disk(postgres_url),
        ]
        try:
            _start(processes, ports)
            with visiting(front) as visitor:
                with smtp.server(sink, port=mail):
                    campaign_id = engine_room.launch()
                    for number in range(ROUNDS * len(breaks)):
                        gone = len(sink.accepted)
                        _until(lambda gone=gone: len(sink.accepted) >= gone + 12, seconds=120)  # type: ignore[misc]
                        sink.delay_s = SLOW_S  # something is left to send, however long the machine takes to come back
                        breaks[number % len(breaks)]()
                        sink.delay_s = QUICK_S
                    _until(lambda: not finished(progress(campaign_id)), seconds=60)  # all broke before the last message
                time.sleep(CUT_S)  # the mail server is away
                with smtp.server(sink, port=mail):
                    _until(lambda: finished(progress(campaign_id)), seconds=600 if LONG else 300)
        finally:
            processes.stop_all()
    unknown = law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id)
    assert len(unknown) <= ROUNDS * (len(breaks) + 1) * law.SLOTS * len(WORKERS)
    assert visitor.longest_without_s < BACK_WITHIN_S
    assert len(visitor.wrong) < visitor.pages
    print(f"{len(unknown)} unknown; {visitor.pages} pages, never {visitor.longest_without_s:.1f} s without one")


def _until(done: Callable[[], bool], *, seconds: float) -> None:
    """Look until it is so. PostgreSQL gives up on itself with a commit after the disk is full: it may be away."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(sa.exc.DBAPIError):
            if done():
                return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


def _start(processes: Processes, ports: tuple[int, ...]) -> None:
    for port in ports:
        processes.web(port)
    for name in WORKERS:
        processes.worker(name)
    processes.wait_for(*ports)


def _web_dies(processes: Processes, port: int) -> None:
    processes.kill(str(port))
    processes.web(port)
    processes.wait_for(port)


def _worker_dies(processes: Processes, name: str) -> None:
    """The next thing breaks when it is there again: who starts without a database ends, and systemd starts it anew."""
    processes.kill(name)
    since, end = clock.now(), time.monotonic() + 90
    processes.worker(name)
    mine = col(DeliveryWorker.executor_id).startswith(name), col(DeliveryWorker.started_at) > since
    while time.monotonic() < end:
        with database.reading() as db:
            if db.scalar(sa.select(sa.func.count()).select_from(DeliveryWorker).where(*mine)):
                return
        time.sleep(0.1)
    raise AssertionError(processes.log(name))


def _no_room(processes: Processes) -> None:
    """None of the four can write to a file, their own log neither."""
    for process in processes.running.values():
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    time.sleep(FULL_S)
    for name, process in processes.running.items():
        assert process.poll() is None, f"{name} ended by itself"
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
