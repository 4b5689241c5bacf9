"""The database is locked, full or restarted in the middle of sending: it goes on, and the law of conservation holds."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from core import database
from core.config import ROOT, settings
from core.delivery import engine
from core.models import MessageStatus
from tests.chaos import law
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, progress, wait_until
from tests.peers import postgres, smtp
from tests.peers.smtp import Behaviour

pytestmark = pytest.mark.usefixtures("database")

PEOPLE = 300
LOCKED_S = 10 if os.environ.get("FIRSTKEY_CHAOS") == "long" else 2


@pytest.fixture
def sink(database: None, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behaviour]:
    behaviour = Behaviour(delay_s=0.005)
    with smtp.server(behaviour) as port:
        law.use(monkeypatch, database_url, **law.by_smtp(port, per_second=200))
        monkeypatch.setattr(engine, "LOOK_AROUND_EVERY_S", 0.5)
        engine_room.school(PEOPLE)
        yield behaviour


@contextmanager
def delivering(sink: Behaviour) -> Iterator[int]:
    """Give the campaign when some of it has gone; afterwards let the rest go."""
    campaign_id = engine_room.launch()
    engine_room.start_engine()
    try:
        wait_until(campaign_id, lambda _: len(sink.accepted) >= 40)
        yield campaign_id
        wait_until(campaign_id, finished, seconds=60)
    finally:
        engine.shutdown()


def lock(database_url: str, seconds: float) -> subprocess.Popen[bytes]:
    """Another process takes the database for itself; returns when it has it."""
    statement = "LOCK TABLE message IN ACCESS EXCLUSIVE MODE" if "postgresql" in database_url else "BEGIN EXCLUSIVE"
    code = (
        "import sys, time, sqlalchemy as sa\n"
        "engine = sa.create_engine(sys.argv[1])\n"
        "with engine.connect() as db:\n"
        "    db.exec_driver_sql('PRAGMA busy_timeout=20000') if 'sqlite' in sys.argv[1] else None\n"
        "    db.exec_driver_sql(sys.argv[2])\n"
        "    print('mine', flush=True)\n"
        "    time.sleep(float(sys.argv[3]))\n"
        "    db.rollback()\n"
    )
    command = [sys.executable, "-c", code, database_url, statement, str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"mine\n"
    return process


@pytest.mark.both_databases
def test_f5_while_the_database_is_locked_sending_waits_and_nobody_becomes_unknown(
    sink: Behaviour, database_url: str
) -> None:
    with delivering(sink) as campaign_id:
        process = lock(database_url, LOCKED_S)
        gone = len(sink.accepted)
        time.sleep(LOCKED_S - 0.5)
        assert len(sink.accepted) - gone <= law.SLOTS, "nothing goes out that is not claimed first"
        process.wait(30)
    assert law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id) == set()


def test_f5_a_lock_longer_than_anybody_waits_leaves_one_unknown_a_slot_at_most(
    sink: Behaviour, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WORKER_WAIT_MS", 1_000)  # more than a busy machine needs for a turn
    with delivering(sink) as campaign_id:
        lock(database_url, 4).wait(30)
    assert len(law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id)) <= law.SLOTS


def test_f4_on_a_full_disk_no_half_campaign_is_launched(sink: Behaviour) -> None:
    seen = engine_room.look()
    full = threading.Event()

    @sa.event.listens_for(database.engine(), "begin")
    def _(connection: sa.Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar() if full.is_set() else 2**30
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    full.set()
    with pytest.raises(sa.exc.OperationalError, match="full"):
        engine_room.launch(seen)
    full.clear()
    with database.reading() as db:
        assert db.scalar(sa.text("SELECT count(*) FROM message")) == 0
        assert db.scalar(sa.text("SELECT count(*) FROM campaign")) == 0
    assert progress(engine_room.launch(seen)).counts == {MessageStatus.QUEUED: PEOPLE}


def test_f4_a_worker_whose_disk_was_full_goes_on_when_there_is_room_again(sink: Behaviour) -> None:
    campaign_id = engine_room.launch()
    worker = subprocess.Popen([sys.executable, "-m", "core.delivery.worker"], cwd=ROOT)
    try:
        wait_until(campaign_id, lambda _: len(sink.accepted) >= 40)
        no_limit = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (4096, no_limit[1]))  # no file may grow beyond that
        time.sleep(1)
        gone = len(sink.accepted)
        time.sleep(1)
        assert len(sink.accepted) == gone < PEOPLE, "without a claim nothing leaves"
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, no_limit)
        wait_until(campaign_id, finished, seconds=60)
    finally:
        worker.kill()
        worker.wait(30)
    assert len(law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id)) <= law.SLOTS


@pytest.mark.postgresql
def test_f6_after_a_crash_of_postgresql_sending_goes_on_and_no_claim_is_lost(
    sink: Behaviour, postgres_url: str
) -> None:
    """The cluster runs with synchronous_commit off: what our own connections commit must outlive it all the same."""
    with delivering(sink) as campaign_id:
        postgres.restart(postgres_url)
    assert settings().engine_url.startswith("postgresql"), "the books of the engine were away too"
    assert len(law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id)) <= law.SLOTS
