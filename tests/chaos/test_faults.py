"""What surrounds the sending fails: the database is locked, the disk is full, PostgreSQL goes and comes back.

A worker in a process of its own sends to a real mail server; afterwards nobody is lost and nobody was written to twice.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.config import ROOT
from tests.chaos.test_kills import law_holds, use
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, progress, wait_until
from tests.peers import postgres, smtp
from tests.peers.smtp import Behaviour

PEOPLE = 120
EVERYBODY = {f"person{number}@mail.example" for number in range(1, PEOPLE + 1)}


@contextmanager
def worker(before: Callable[[], None] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """One that delivers; `before` is done in the new process before it begins."""
    environment = os.environ | {"FIRSTKEY_EXECUTOR_ID": "only"}
    process = subprocess.Popen(
        [sys.executable, "-m", "core.delivery.worker"],
        cwd=ROOT,
        env=environment,
        preexec_fn=before,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


def _launched(monkeypatch: pytest.MonkeyPatch, database_url: str, port: int) -> int:
    use(monkeypatch, database_url, EMAIL="smtp", SMTP_URL=f"smtp://127.0.0.1:{port}", EMAIL_RATE="20")
    engine_room.school(PEOPLE)
    return engine_room.launch()


def _some(sink: Behaviour, number: int = 10) -> None:
    ends = time.monotonic() + 60
    while len(sink.accepted) < number:
        assert time.monotonic() < ends, "nothing was sent"
        time.sleep(0.05)


def _stands_still(sink: Behaviour, seconds: float = 6) -> int:
    """How many had arrived when nothing more did for some time."""
    _some(sink, 1)
    number, since = 0, time.monotonic()
    while time.monotonic() - since < seconds:
        if len(sink.accepted) != number:
            number, since = len(sink.accepted), time.monotonic()
        time.sleep(0.1)
    return number


def _times(sink: Behaviour) -> Counter[str]:
    return Counter(to for envelope in sink.accepted for to in envelope.rcpt_tos)


@pytest.mark.usefixtures("database")
def test_f5_a_database_that_is_locked_for_ten_seconds_loses_and_repeats_nothing(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    sink = Behaviour()
    with smtp.server(sink) as port:
        campaign_id = _launched(monkeypatch, database_url, port)
        with worker():
            _some(sink)
            with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
                other.execute("PRAGMA busy_timeout=5000")
                other.execute("BEGIN IMMEDIATE")
                before = len(sink.accepted)
                time.sleep(10)
                assert len(sink.accepted) <= before + 8, "what is not claimed is not sent"
                other.execute("ROLLBACK")
            wait_until(campaign_id, finished, seconds=90)
        assert sum(status == "unknown" for status in engine_room.statuses().values()) == 0
        law_holds(_times(sink), EVERYBODY, campaign_id)


@pytest.mark.usefixtures("database")
def test_f4_a_full_disk_stops_the_sending_and_room_lets_it_go_on(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    sink, path = Behaviour(), Path(database_url.removeprefix("sqlite:///"))
    with smtp.server(sink) as port:
        campaign_id = _launched(monkeypatch, database_url, port)
        largest = max(file.stat().st_size for file in path.parent.iterdir())

        def no_room() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 100_000, resource.RLIM_INFINITY))

        with worker(no_room):
            assert _stands_still(sink) < PEOPLE, "the disk was not full: leave less room"
        with worker():
            wait_until(campaign_id, finished, seconds=90)
        law_holds(_times(sink), EVERYBODY, campaign_id)
        assert progress(campaign_id).total == PEOPLE


@pytest.mark.postgresql
@pytest.mark.usefixtures("database")
def test_f6_postgresql_goes_and_comes_back_and_the_sending_goes_on(
    monkeypatch: pytest.MonkeyPatch, database_url: str, postgres_url: str
) -> None:
    sink = Behaviour()
    with smtp.server(sink) as port:
        campaign_id = _launched(monkeypatch, database_url, port)
        with worker():
            _some(sink)
            postgres.restart(postgres_url)
            gone = len(sink.accepted)
            assert progress(campaign_id).waiting, "everything was sent before: pace it slower"
            _some(sink, gone + 1)
            wait_until(campaign_id, finished, seconds=90)
        law_holds(_times(sink), EVERYBODY, campaign_id)
