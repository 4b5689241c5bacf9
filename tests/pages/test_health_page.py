"""The Health page: for administrators alone, in words, and with the number that somebody reads out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock as core_clock
from core import database, version
from core.models import DeliveryWorker, SchoolSettings
from core.permissions import command_line
from core.services import backups
from core.web import faults
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import everything_said


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


def test_all_is_well_where_a_process_delivers_and_a_backup_was_made(open_screen: screens.Open, cast: Cast) -> None:
    now = core_clock.now()
    with database.transaction() as db:
        backups.note_made(db, command_line("test"), size=1, key="k")
        db.add(DeliveryWorker(executor_id="web", host="here", process_id=1, started_at=now, beat_at=now))
        db.get_one(SchoolSettings, 1).alert_address = "head@school.example"
    said = everything_said(open_screen(cast.ada.actor, "health.py"))
    assert "All is well." in said and f"Firstkey {version.program()}" in said
    assert "Alive" in said and "0 min ago" in said and "alerts go to the address in Settings." in said


def test_a_process_that_is_silent_and_an_address_that_is_missing_are_told(
    open_screen: screens.Open, cast: Cast
) -> None:
    now = core_clock.now()
    with database.transaction() as db:
        gone = {"host": "there", "process_id": 2, "started_at": now, "beat_at": now - timedelta(hours=1)}
        db.add(DeliveryWorker(executor_id="north-worker", **gone))
    said = everything_said(open_screen(cast.ada.actor, "health.py"))
    assert "Silent" in said and "The process north-worker gives no sign any more." in said
    assert "Alerts are mailed to nobody" in said and "alerts go to" not in said


def test_the_number_that_somebody_reads_out_is_found_with_its_place(open_screen: screens.Open, cast: Cast) -> None:
    reference = faults.log(KeyError("maria@mail.example"), "GET /invitation")
    said = everything_said(open_screen(cast.ada.actor, "health.py"))
    assert reference in said and "GET /invitation" in said and "KeyError" in said and "maria" not in said
    assert "There is no backup yet." in said


@pytest.mark.parametrize("who", ["olga", "cora", "tom"])
def test_nobody_else_sees_it(open_screen: screens.Open, cast: Cast, who: str) -> None:
    said = everything_said(open_screen(getattr(cast, who).actor, "health.py"))
    assert "Processes that deliver" not in said
