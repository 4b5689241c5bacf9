"""Printing: who may, what is in it, what the audit remembers. The document is drawn by the real process."""

from __future__ import annotations

import pytest
from sqlmodel import Session, select

from core import database
from core.documents.papers import StudentAccountInfo
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import AuditEntry
from core.permissions import Actor
from core.services import reports, selections
from core.services.reports import Prepared
from core.tables.filters import AccountFilter, StudentFilter
from tests import cast as tests_cast
from tests.cast import Cast
from tests.conftest import Clock
from tests.documents import papers

pytestmark = pytest.mark.both_databases

KIND = "student-account-info"


def _show_all(db: Session, actor: Actor, list_name: str = "students") -> int:
    asked = StudentFilter() if list_name == "students" else AccountFilter()
    view = selections.current(db, actor, list_name=list_name)
    selections.show(db, actor, list_name=list_name, filter=asked)
    db.flush()
    return selections.current(db, actor, list_name=list_name).id or view.id


def _prepare(actor: Actor, *, expected: int, scope: str = "shown", list_name: str = "students") -> Prepared:
    with database.transaction() as db:
        selection_id = _show_all(db, actor, list_name)
    with database.transaction() as db:
        return reports.prepare(db, actor, kind=KIND, selection_id=selection_id, scope=scope, expected=expected)


def _text(prepared: Prepared) -> str:
    return "\n".join(papers.pages(reports.draw(prepared).content))


def test_all_shown_students_are_printed_by_class(cast: Cast, clock: Clock) -> None:
    prepared = _prepare(cast.olga.actor, expected=3)
    assert prepared.name == "Student Account Info 2026-11-23.pdf"
    text = _text(prepared)
    assert text.index("7B\n") < text.index("Max") < text.index("Sam") < text.index("8A\n") < text.index("Otto")
    assert "Athena School" in text and "Academic period 2026-2027" in text
    assert "All shown: 3 students" in text and "Olga Orlova · 23 Nov 2026, 11:00" in text
    assert "sam.sideris" in text and cast.sam.person.personal_email in text


def test_only_the_ticked_ones_are_printed_and_the_header_says_of_how_many(cast: Cast) -> None:
    with database.transaction() as db:
        selection_id = _show_all(db, cast.olga.actor)
        ids = [cast.sam.person.id or 0, cast.max.person.id or 0, cast.otto.person.id or 0]
        selections.tick(db, cast.olga.actor, list_name="students", on=ids[:2])
    with database.transaction() as db:
        prepared = reports.prepare(
            db, cast.olga.actor, kind=KIND, selection_id=selection_id, scope="selected", expected=2
        )
    text = _text(prepared)
    assert "2 selected of 3" in text and "Otto" not in text


def test_a_coordinator_prints_her_classes_only_and_contacts_are_masked(cast: Cast) -> None:
    text = _text(_prepare(cast.cora.actor, expected=2))
    assert "Sam" in text and "Otto" not in text
    assert cast.sam.person.personal_email not in text and "p…@mail.example" in text
    assert "are shortened" in text


def test_a_teacher_may_not_print(cast: Cast) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        reports.prepare(db, cast.tom.actor, kind=KIND, selection_id=1, scope="shown", expected=1)


def test_somebody_elses_selection_is_not_there(cast: Cast) -> None:
    with database.transaction() as db:
        selection_id = _show_all(db, cast.olga.actor)
    with pytest.raises(NotFound), database.transaction() as db:
        reports.prepare(db, cast.ada.actor, kind=KIND, selection_id=selection_id, scope="shown", expected=3)


def test_a_report_that_does_not_exist_is_refused(cast: Cast) -> None:
    with pytest.raises(NotFound, match="no such report"), database.transaction() as db:
        reports.prepare(db, cast.olga.actor, kind="passwords", selection_id=1, scope="shown", expected=3)


def test_a_list_that_has_changed_is_refused_with_the_new_number(cast: Cast) -> None:
    with pytest.raises(Conflict, match="now has 3 entries, not 2"):
        _prepare(cast.olga.actor, expected=2)


def test_nobody_is_refused_with_a_sentence(cast: Cast) -> None:
    with pytest.raises(InputProblem, match="Nobody matches"):
        _prepare(cast.olga.actor, expected=0, scope="selected")


def test_accounts_of_others_are_left_out_and_only_others_are_refused(cast: Cast) -> None:
    with database.reading() as db:
        everybody = len(db.exec(select(tests_cast.Account)).all())
    prepared = _prepare(cast.olga.actor, expected=everybody, list_name="accounts")
    assert isinstance(prepared.paper, StudentAccountInfo)
    assert sum(group.count for group in prepared.paper.classes) == 3
    with database.transaction() as db:
        selection_id = _show_all(db, cast.olga.actor, "accounts")
        ids = [cast.gina.account.id or 0]
        selections.tick(db, cast.olga.actor, list_name="accounts", on=ids)
    with pytest.raises(InputProblem, match="No student"), database.transaction() as db:
        reports.prepare(db, cast.olga.actor, kind=KIND, selection_id=selection_id, scope="selected", expected=1)


def test_the_audit_remembers_how_many_and_a_digest_of_whom(cast: Cast) -> None:
    _prepare(cast.olga.actor, expected=3)
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "report.printed")).one()
    assert entry.details["kind"] == KIND and entry.details["count"] == 3
    assert len(str(entry.details["people"])) == 64


def test_states_and_dates_are_those_of_the_list_in_the_schools_zone(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        cast.sam.account.verified_at = cast.sam.account.first_sign_in_at = clock.now
        cast.sam.account.last_sign_in_at = clock.now.replace(hour=23)  # one o'clock of the next day in Athens
        cast.max.account.invited_at = clock.now
        cast.max.account.invitation_ends_at = clock.now.replace(day=30)
        db.add(cast.sam.account)
        db.add(cast.max.account)
    lines = _text(_prepare(cast.olga.actor, expected=3)).splitlines()
    sam = next(line for line in lines if " S1 " in line)
    max_ = next(line for line in lines if " S2 " in line)
    assert sam.endswith("Yes Yes – 24 Nov 2026 Signed in")
    assert max_.endswith("Yes No 23 Nov 2026 – Invited")


def test_people_without_an_account_or_a_class_are_printed_too(cast: Cast) -> None:
    with database.transaction() as db:
        tests_cast.person(db, first_name="Nora", last_name="New", source_id="S9")
    text = _text(_prepare(cast.olga.actor, expected=4))
    assert "Without class" in text and "No account" in text
    assert text.index("Otto") < text.index("Nora")


def test_grades_are_in_the_order_of_numbers(cast: Cast) -> None:
    with database.transaction() as db:
        for grade in ("10", "9"):
            made = tests_cast.section(db, period=cast.period, title=f"{grade}A", grade=grade)
            tests_cast.person(db, in_section=made)
    prepared = _prepare(cast.olga.actor, expected=5)
    assert isinstance(prepared.paper, StudentAccountInfo)
    assert [group.title for group in prepared.paper.classes] == ["7B", "8A", "9A", "10A"]


def test_printing_changes_nothing_but_the_audit(cast: Cast) -> None:
    with database.reading() as db:
        before = [account.model_dump() for account in db.exec(select(tests_cast.Account))]
    _prepare(cast.olga.actor, expected=3)
    with database.reading() as db:
        assert [account.model_dump() for account in db.exec(select(tests_cast.Account))] == before
