"""The Reports page: what can be printed for classes, and the files that somebody asked for."""

from __future__ import annotations

import pytest

from core import database
from core.delivery import report_maker
from core.models import ReportRequest, RequestStatus
from core.permissions import Actor
from core.rules.report_requests import Asked
from core.services import report_making, report_requests, selections
from core.tables.filters import StudentFilter
from tests import cast as make
from tests.cast import Cast
from tests.pages import screens


@pytest.fixture(name="opened")
def _opened(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


def _ask(actor: Actor) -> int:
    with database.transaction() as db:
        selection_id = selections.show(db, actor, list_name="students", filter=StudentFilter()).id or 0
        asked = Asked("list-csv", selection_id, "shown", 3, ("name",))
        return report_requests.ask(db, actor, asked=asked, title="Students List")


def test_the_office_sees_three_reports_a_coordinator_two_and_a_teacher_no_page(
    cast: Cast, opened: screens.Open
) -> None:
    said = screens.everything_said(opened(cast.olga.actor, "reports.py"))
    assert "3 students" in said and "Student Account Info" in said and "User Account Credentials" in said
    said = screens.everything_said(opened(cast.cora.actor, "reports.py"))
    assert "2 students" in said and "User Account Info" in said and "User Account Credentials" not in said
    said = screens.everything_said(opened(cast.tom.actor, "reports.py"))
    assert "This page is not for your role" in said and "User Account Info" not in said


def test_a_file_is_shown_with_what_can_be_done_and_is_discarded(cast: Cast, opened: screens.Open) -> None:
    with database.transaction() as db:
        make.just_signed_in(db, cast.olga.actor)
    request_id = _ask(cast.olga.actor)
    said = screens.everything_said(opened(cast.olga.actor, "reports.py"))
    assert "Students List" in said and "Waits for its turn" in said and "Cancel" in said
    report_maker.run(request_id)
    page = opened(cast.olga.actor, "reports.py")
    said = screens.everything_said(page)
    assert "to be downloaded once within 10 minutes" in said and "/files/" in said
    screens.button(page, "Discard").click().run()
    assert "asked for on" in screens.everything_said(page)
    with database.reading() as db:
        assert db.get_one(ReportRequest, request_id).status == RequestStatus.CANCELLED
    said = screens.everything_said(opened(cast.ada.actor, "reports.py"))
    assert "asked for on" not in said  # nobody else's files


def test_one_that_is_being_made_says_how_far_it_is_and_is_cancelled(cast: Cast, opened: screens.Open) -> None:
    with database.transaction() as db:
        make.just_signed_in(db, cast.olga.actor)
    request_id = _ask(cast.olga.actor)
    with database.transaction() as db:
        begun = report_making.begin(db, request_id=request_id)
        assert begun
        report_making.tell(db, begun, done=2)
    page = opened(cast.olga.actor, "reports.py")
    assert "Reading 2 of 3" in screens.everything_said(page)
    screens.button(page, "Cancel").click().run()
    assert "Reading" not in screens.everything_said(page)
    with database.reading() as db:
        assert db.get_one(ReportRequest, request_id).status == RequestStatus.CANCELLED
        assert not report_making.is_wanted(db, begun)
