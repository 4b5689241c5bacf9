"""Long files are made in a process of their own, which ends with what it is for."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlmodel import Session, select

from core import database
from core.config import ROOT
from core.delivery import batches, engine, files, heartbeat, report_maker
from core.models import ReportPart, ReportRequest, RequestStatus
from core.permissions import Actor
from core.rules.report_requests import Asked
from core.services import list_files, report_making, report_requests, selections
from core.tables.filters import StudentFilter
from tests import cast as make
from tests.cast import Cast
from tests.chaos import law
from tests.delivery import engine_room

# The maker itself, whose reading takes as long as that of a very long list.
HELD_UP = """
import pathlib, time
from core.delivery import report_maker
from core.services import list_files
def read(*_asked, **_more):
    pathlib.Path({reading!r}).touch()
    time.sleep(120)
list_files.read = read
report_maker.main({request_id})
"""

# A worker of its own, whose makers are those.
WORKER = """
import runpy, sys
sys.executable = {maker!r}
runpy.run_module("core.delivery.worker", run_name="__main__")
"""


@pytest.fixture(name="olga")
def _olga(cast: Cast) -> Iterator[Actor]:
    with database.transaction() as db:
        make.just_signed_in(db, cast.olga.actor)
    yield cast.olga.actor
    engine.shutdown()
    batches.stopping.clear()


def _ask(actor: Actor, kind: str = "list-xlsx") -> int:
    with database.transaction() as db:
        selection_id = selections.show(db, actor, list_name="students", filter=StudentFilter()).id or 0
        asked = Asked(kind, selection_id, "shown", 3, ("name", "section"))
        return report_requests.ask(db, actor, asked=asked, title="Students List")


def _status(request_id: int) -> str:
    with database.reading() as db:
        return db.get_one(ReportRequest, request_id).status


def _held_up(request_id: int, folder: Path) -> tuple[str, Path]:
    """A program that is such a maker, whatever it is started with, and the file that tells that it reads."""
    maker, reading = folder / "maker", folder / "reading"
    program = shlex.join([sys.executable, "-c", HELD_UP.format(request_id=request_id, reading=str(reading))])
    maker.write_text(f"#!/bin/sh\nexec {program}\n")
    maker.chmod(0o755)
    return str(maker), reading


def _wait(until: Callable[[], bool], seconds: float = 60) -> None:
    pause = threading.Event()
    for _ in range(int(seconds * 10)):
        if until():
            return
        pause.wait(0.1)
    raise AssertionError("it took too long")


def test_the_engine_has_it_made_and_takes_it_up_by_itself_at_a_start(cast: Cast, olga: Actor) -> None:
    request_id = _ask(olga, "student-account-info")
    engine_room.start_engine()
    engine.start_files()
    _wait(lambda: _status(request_id) == RequestStatus.READY)
    with database.reading() as db:
        row = db.get_one(ReportRequest, request_id)
    assert row.attempt == 1 and row.size > 1_000 and row.name.startswith("Student Account Info 20")


def test_a_maker_that_dies_without_a_word_has_failed(cast: Cast, olga: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    request_id = _ask(olga)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    files.make(request_id)
    assert _status(request_id) == RequestStatus.FAILED


def test_a_stop_in_the_middle_leaves_it_to_the_next_start(cast: Cast, olga: Actor, tmp_path: Path) -> None:
    request_id = _ask(olga)
    maker, reading = _held_up(request_id, tmp_path)
    with ThreadPoolExecutor(1) as stopped, pytest.MonkeyPatch.context() as held_up:
        held_up.setattr(sys, "executable", maker)
        made = stopped.submit(files.make, request_id)
        _wait(reading.exists)
        batches.stopping.set()
        with pytest.raises(InterruptedError):
            made.result(60)
    assert _status(request_id) == RequestStatus.MAKING
    engine_room.start_engine()
    _wait(lambda: _status(request_id) == RequestStatus.READY)


@pytest.mark.both_databases
def test_what_a_killed_process_was_making_is_made_by_another(
    cast: Cast, olga: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    law.use(monkeypatch, database_url)
    monkeypatch.setattr(heartbeat, "SILENT_AFTER_S", 2.0)
    monkeypatch.setattr(heartbeat, "EVERY_S", 0.5)
    monkeypatch.setattr(engine, "LOOK_AROUND_EVERY_S", 0.5)
    request_id = _ask(olga, "list-csv")
    maker, reading = _held_up(request_id, tmp_path)
    environment = os.environ | {"FIRSTKEY_EXECUTOR_ID": "gone-for-good"}
    worker = subprocess.Popen([sys.executable, "-c", WORKER.format(maker=maker)], cwd=ROOT, env=environment)
    _wait(reading.exists)
    worker.kill()
    worker.wait(30)
    assert _status(request_id) == RequestStatus.MAKING
    engine_room.start_engine()
    _wait(lambda: _status(request_id) == RequestStatus.READY)


def test_a_process_that_was_overtaken_fails_nothing_when_its_maker_ends(
    cast: Cast, olga: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = _ask(olga, "list-csv")
    maker, reading = _held_up(request_id, tmp_path)
    monkeypatch.setattr(sys, "executable", maker)
    with ThreadPoolExecutor(1) as overtaken:
        made = overtaken.submit(files.make, request_id)
        _wait(reading.exists)
        with database.transaction() as db:
            begun = report_making.begin(db, request_id=request_id)
        made.result(60)
    assert begun and _status(request_id) == RequestStatus.MAKING
    with database.transaction() as db:
        assert report_making.finish(db, begun, name="Students List.csv")


def test_the_maker_ends_with_the_process_that_started_it(cast: Cast, olga: Actor) -> None:
    request_id = _ask(olga)
    command = [sys.executable, "-m", "core.delivery.maker_process", str(request_id)]
    with database.transaction() as db:  # holds the maker up: it waits for this writer
        assert db.get(ReportRequest, request_id)
        maker = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
        pause = threading.Event()
        pause.wait(6)
        assert maker.poll() is None and maker.stdin
        maker.stdin.close()
        assert db.get(ReportRequest, request_id)
    assert maker.wait(30) != 0


def test_r44_a_running_maker_ends_when_its_file_is_cancelled_and_nothing_of_it_is_left(
    cast: Cast, olga: Actor, tmp_path: Path
) -> None:
    request_id, reading = _ask(olga, "list-csv"), tmp_path / "reading"
    held_up = HELD_UP.format(request_id=request_id, reading=str(reading))
    maker = subprocess.Popen([sys.executable, "-c", held_up], cwd=ROOT, stdin=subprocess.PIPE)
    _wait(reading.exists)
    assert _status(request_id) == RequestStatus.MAKING and maker.poll() is None
    with database.transaction() as db:
        report_requests.cancel(db, olga, request_id=request_id)
    assert maker.wait(30) == 1
    with database.reading() as db:
        assert db.exec(select(ReportPart)).first() is None
    assert _status(request_id) == RequestStatus.CANCELLED


def test_it_is_told_how_far_the_reading_is(cast: Cast, olga: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_maker, "TOLD_EVERY_S", 0)
    monkeypatch.setattr(list_files, "AT_ONCE", 1)
    told, tell = list[int](), report_making.tell

    def heard(db: Session, begun: report_making.Begun, *, done: int) -> None:
        tell(db, begun, done=done)
        told.append(db.get_one(ReportRequest, begun.request_id, populate_existing=True).done)

    monkeypatch.setattr(report_making, "tell", heard)
    request_id = _ask(olga, "list-csv")
    report_maker.run(request_id)
    assert told == [1, 2, 3] and _status(request_id) == RequestStatus.READY


def test_a_cancelled_one_stops_being_made(cast: Cast, olga: Actor) -> None:
    request_id = _ask(olga)
    with database.transaction() as db:
        begun = report_making.begin(db, request_id=request_id)
        assert begun
        report_requests.cancel(db, olga, request_id=request_id)
        assert not report_making.is_wanted(db, begun)
    files.make(request_id)
    assert _status(request_id) == RequestStatus.CANCELLED
