"""Long reports and exports: what is meant is frozen when it is asked, and nothing is left of what nobody fetched."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from sqlmodel import select

from core import database
from core.delivery import report_maker
from core.errors import NotFound
from core.models import (
    AuditEntry,
    ReportPart,
    ReportRequest,
    RequestStatus,
    SchoolSettings,
    Selection,
    SelectionItem,
    SignInSession,
)
from core.permissions import Actor
from core.rules.report_requests import Asked
from core.services import report_making, report_requests, selections
from core.tables import report_requests as table
from core.tables.filters import StudentFilter
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock

pytestmark = pytest.mark.both_databases


@pytest.fixture(name="olga")
def _olga(cast: Cast, clock: Clock) -> Actor:
    with database.transaction() as db:
        make.just_signed_in(db, cast.olga.actor)
    return cast.olga.actor


def _ask(actor: Actor, *, filter: StudentFilter | None = None, kind: str = "list-csv", expected: int = 3) -> int:
    """All that the filter shows, by name and class."""
    with database.transaction() as db:
        selection_id = selections.show(db, actor, list_name="students", filter=filter or StudentFilter()).id or 0
        asked = Asked(kind, selection_id, "shown", expected, ("name", "section"))
        return report_requests.ask(db, actor, asked=asked, title="Students List")


def _row(request_id: int) -> ReportRequest:
    with database.reading() as db:
        return db.get_one(ReportRequest, request_id)


def _fetched(actor: Actor, request_id: int) -> bytes:
    with database.transaction() as db:
        file = report_requests.fetch(db, actor, token=_row(request_id).token)
        return b"".join(report_requests.part(db, file, number) for number in range(file.parts))


def _names(content: bytes) -> list[str]:
    return [row[0] for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))][1:]


def test_what_is_ticked_and_searched_afterwards_changes_nothing(cast: Cast, olga: Actor) -> None:
    request_id = _ask(olga)
    with database.transaction() as db:
        selections.show(db, olga, list_name="students", filter=StudentFilter(text="otto"))
    report_maker.run(request_id)
    assert _names(_fetched(olga, request_id)) == ["Other Otto", "Sideris Max", "Sideris Sam"]


def test_just_the_selected_ones_stay_the_selected_ones(cast: Cast, olga: Actor) -> None:
    with database.transaction() as db:
        selections.tick(db, olga, list_name="students", on=[cast.sam.person.id or 0, cast.otto.person.id or 0])
    by_filter = _ask(olga, filter=StudentFilter(selected=True), expected=2)
    with database.transaction() as db:
        chosen = selections.current(db, olga, list_name="students").id or 0
        asked = Asked("list-csv", chosen, "selected", 2, ("name",))
        by_ticks = report_requests.ask(db, olga, asked=asked, title="Students List")
        selections.clear(db, olga, list_name="students")
    for request_id in (by_filter, by_ticks):
        report_maker.run(request_id)
        assert _names(_fetched(olga, request_id)) == ["Other Otto", "Sideris Sam"]


def test_a_list_that_is_longer_by_then_is_refused_with_the_new_number(cast: Cast, olga: Actor) -> None:
    request_id = _ask(olga)
    with database.transaction() as db:
        make.person(db, last_name="Late", in_section=cast.class_7b)
    report_maker.run(request_id)
    row = _row(request_id)
    assert row.status == RequestStatus.FAILED and "now has 4 entries, not 3" in row.refusal
    with pytest.raises(NotFound):
        _fetched(olga, request_id)
    with database.reading() as db:
        assert db.exec(select(AuditEntry).where(AuditEntry.action == "list.exported")).first() is None


def test_r95_passwords_that_the_school_hides_meanwhile_are_not_printed_and_the_refusal_is_written_down_once(
    cast: Cast, olga: Actor
) -> None:
    request_id = _ask(olga, kind="credentials")
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).show_first_password = False
    report_maker.run(request_id)
    row = _row(request_id)
    assert row.status == RequestStatus.FAILED and "does not show first passwords" in row.refusal
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "access.refused")).one()
    assert (entry.account_id, entry.details["service"]) == (olga.account_id, "reports.read")


def test_r38_nothing_is_made_for_who_has_signed_out(cast: Cast, olga: Actor, clock: Clock) -> None:
    request_id = _ask(olga)
    with database.transaction() as db:
        db.get_one(SignInSession, olga.session_id).ended_at = clock.now
    report_maker.run(request_id)
    assert (_row(request_id).status, "signed out" in _row(request_id).refusal) == (RequestStatus.FAILED, True)


def test_a_cancelled_one_is_not_made_and_a_ready_one_is_thrown_away(cast: Cast, olga: Actor) -> None:
    waiting, ready = _ask(olga), _ask(olga)
    report_maker.run(ready)
    for request_id in (waiting, ready):
        with database.transaction() as db:
            report_requests.cancel(db, olga, request_id=request_id)
    report_maker.run(waiting)
    with database.reading() as db:
        assert {row.status for row in db.exec(select(ReportRequest))} == {RequestStatus.CANCELLED}
        assert db.exec(select(ReportPart)).first() is None
    with database.transaction() as db, pytest.raises(NotFound):
        report_requests.cancel(db, replace(olga, account_id=cast.ada.account.id), request_id=ready)


def test_a_process_that_was_overtaken_stores_nothing_more(cast: Cast, olga: Actor) -> None:
    request_id = _ask(olga)
    with database.transaction() as db:
        slow = report_making.begin(db, request_id=request_id)
    assert slow
    report_maker.run(request_id)
    with database.transaction() as db:
        assert not report_making.is_wanted(db, slow)
        assert not report_making.keep(db, slow, number=0, content=b"stale")
        assert not report_making.finish(db, slow, name="stale.csv")
    assert len(_names(_fetched(olga, request_id))) == 3


def test_r72_a_piece_opens_in_its_own_place_only(cast: Cast, olga: Actor) -> None:
    first, second = _ask(olga), _ask(olga)
    for request_id in (first, second):
        report_maker.run(request_id)
    with database.transaction() as db:
        moved = db.get_one(ReportPart, (first, 0)).sealed
        db.get_one(ReportPart, (second, 0)).sealed = moved
    with pytest.raises(NotFound):
        _fetched(olga, second)


def test_r102_what_nobody_fetched_is_gone_and_after_a_day_that_it_was_asked(
    cast: Cast, olga: Actor, clock: Clock
) -> None:
    request_id = _ask(olga)
    report_maker.run(request_id)
    with database.transaction() as db:
        assert report_requests.forget_ended(db) == 0
    clock.forward(minutes=10)
    with database.transaction() as db:
        assert table.mine(db, olga)[0].has_ended
        assert report_requests.forget_ended(db) == 1
        assert db.exec(select(ReportPart)).first() is None
    clock.forward(hours=24)
    with database.transaction() as db:
        report_requests.forget_ended(db)
        assert table.mine(db, olga) == []
        assert db.exec(select(ReportRequest)).first() is None
        assert [row.list_name for row in db.exec(select(Selection))] == ["students"]
        assert db.exec(select(SelectionItem)).first() is None


def test_a_lost_one_has_failed_and_a_finished_one_stays(cast: Cast, olga: Actor) -> None:
    lost, ready = _ask(olga), _ask(olga)
    report_maker.run(ready)
    with database.transaction() as db:
        for request_id in (lost, ready):
            report_making.lost(db, request_id=request_id, attempt=1)
    assert (_row(lost).status, _row(ready).status) == (RequestStatus.FAILED, RequestStatus.READY)
    assert len(_names(_fetched(olga, ready))) == 3


@pytest.mark.parametrize("kind", ["student-account-info", "user-account-info"])
def test_reports_are_made_the_same_way(cast: Cast, olga: Actor, kind: str) -> None:
    request_id = _ask(olga, kind=kind)
    report_maker.run(request_id)
    assert _fetched(olga, request_id).startswith(b"%PDF")
    with database.reading() as db:
        assert db.exec(select(AuditEntry).where(AuditEntry.action == "report.printed")).one().details["count"] == 3
