"""The jobs that come again do what they are for: what nobody may see any more is really gone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from core import clock as core_clock
from core import database
from core.delivery import alarms, housekeeping, take_over, workflows
from core.models import Alert, PreviewPage, ReportPart, ReportRequest, RequestStatus
from core.services import workers
from core.tables import health
from tests.cast import Cast
from tests.conftest import Clock

MINE = ("forget files", "forget previews")


@pytest.fixture(name="kept")
def _kept(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and a page of a preview, for ten minutes; and no other work than forgetting them."""
    monkeypatch.setattr(housekeeping, "JOBS", {name: housekeeping.JOBS[name] for name in MINE})
    monkeypatch.setattr(housekeeping.alarms, "note_audit", lambda: 0)
    monkeypatch.setattr(housekeeping.alarms, "look_at_disks", lambda: 0)
    ends = core_clock.now() + timedelta(minutes=10)
    owner = {"account_id": cast.olga.account.id or 0, "session_id": "here", "kid": "k"}
    with database.transaction() as db:
        made = ReportRequest(
            **owner,
            token="0" * 64,
            kind="credentials",
            title="User Account Credentials",
            people=1,
            asked=b"",
            status=RequestStatus.READY,
            created_at=core_clock.now(),
            expires_at=ends,
        )
        db.add(made)
        db.flush()
        db.add(ReportPart(request_id=made.id or 0, number=0, sealed=b"sealed"))
        db.add(PreviewPage(**owner, preview="p", number=1, expires_at=ends, sealed=b"sealed"))


def _what_is_kept(db: Session) -> tuple[int, int]:
    return len(db.exec(select(ReportPart)).all()), len(db.exec(select(PreviewPage)).all())


@pytest.mark.usefixtures("kept")
@pytest.mark.both_databases
def test_work_that_fails_three_times_in_a_row_is_a_trouble_and_an_alert_until_it_goes_well(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    every, well = timedelta(minutes=5), [False, False, False, False, True]

    def work() -> int:
        if not well.pop(0):
            raise OSError("the mount is gone")
        return 0

    monkeypatch.setattr(housekeeping, "JOBS", {"import from the folder": (every, work)})
    told = []
    for _turn in range(5):
        housekeeping.run()
        with database.reading() as db:
            told.append(health.failing(db))
        clock.forward(minutes=5)
        if len(told) == 3:
            assert [alarms.look(), alarms.look()] == [1, 0]
    assert told == [(), (), ("import from the folder",), ("import from the folder",), ()]
    with database.reading() as db:
        assert db.exec(select(Alert.kind)).all() == ["work_fails"]


def test_work_that_nobody_does_any_more_is_no_trouble(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        workers.is_my_turn(db, job="import from the folder", every=timedelta(minutes=1))
        workers.note_failed(db, job="import from the folder", every=timedelta(minutes=1))
    clock.forward(minutes=3)
    with database.reading() as db:
        assert health.failing(db) == ("import from the folder",)
    clock.forward(days=2)  # the setting was taken out
    with database.reading() as db:
        assert health.failing(db) == ()


def test_a_run_of_the_night_that_failed_is_told_by_the_job_that_queues_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows.retention, "day_due", lambda: date(2026, 11, 23))
    monkeypatch.setattr(take_over, "listed", lambda **asked: [asked] if "ERROR" in asked["status"] else [])
    with pytest.raises(RuntimeError, match="retention-2026-11-23 failed"):
        workflows.enqueue_retention()


def test_a_process_that_gives_no_sign_is_named_for_a_week(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        workers.beat(db, executor_id="north-worker", host="north", process_id=1)
    silent = []
    for minutes in (1, 3, 8 * 24 * 60):
        clock.forward(minutes=minutes)
        housekeeping.forget_processes()
        with database.reading() as db:
            silent.append(health.facts(db).silent)
    assert silent == [(), ("north-worker",), ()]


@pytest.mark.usefixtures("kept")
def test_r45_files_and_previews_are_gone_when_the_housekeeping_has_been_there(clock: Clock) -> None:
    housekeeping.run()
    with database.reading() as db:
        assert _what_is_kept(db) == (1, 1)
    clock.forward(minutes=16)
    housekeeping.run()
    with database.reading() as db:
        assert _what_is_kept(db) == (0, 0)
