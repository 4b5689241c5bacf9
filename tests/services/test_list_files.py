"""Lists as files: what is on screen, for whom it is meant, and nothing that calculates."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlmodel import Session, select

from core import database
from core.errors import Conflict, InputProblem, NotAllowed, NotFound
from core.models import Account, AuditEntry, Person
from core.permissions import Actor, Permission
from core.rules import people_sets, words
from core.services import list_files, selections
from core.services.list_files import Order
from core.tables import list_columns, selection_rows
from core.tables.filters import AccountFilter, StudentFilter
from tests import cast as make
from tests.cast import Cast
from tests.rules.test_exports import HOSTILE

pytestmark = pytest.mark.both_databases
COLUMNS = ("source_id", "name", "section", "state", "personal_email", "guardian_mobile")


def _shown(db: Session, actor: Actor, filter: StudentFilter | AccountFilter | None = None) -> int:
    asked = filter or StudentFilter()
    name: Any = "students" if isinstance(asked, StudentFilter) else "accounts"
    return selections.show(db, actor, list_name=name, filter=asked).id or 0


def _rows(db: Session, actor: Actor, selection_id: int, **more: Any) -> list[list[str]]:
    asked = {"kind": "list-csv", "scope": "shown", "columns": COLUMNS, "order": Order()} | more
    expected = asked.pop("expected", None)
    if expected is None:
        expected = selection_rows.size(db, actor, selection_id=selection_id, scope=asked["scope"])
    prepared = list_files.prepare(db, actor, selection_id=selection_id, expected=expected, **asked)
    return list(csv.reader(io.StringIO(prepared.content().decode("utf-8-sig"), newline="")))


def test_a_file_holds_the_columns_on_screen_in_the_order_of_the_list(cast: Cast) -> None:
    with database.transaction() as db:
        rows = _rows(db, cast.olga.actor, _shown(db, cast.olga.actor), order=Order("name", descending=True))
        assert rows[0] == ["Student code", "Name", "Class", "State", "Personal e-mail", "Guardian mobile"]
        assert [row[1] for row in rows[1:]] == sorted((row[1] for row in rows[1:]), reverse=True)
        sam = next(row for row in rows if row[1] == "Sideris Sam")
        assert sam[2] == "7B" and sam[3] in {word.label for word in words.ACCOUNT_STATE.values()}
        assert sam[4] == cast.sam.person.personal_email


def test_a_selection_is_all_that_stands_in_the_file(cast: Cast) -> None:
    with database.transaction() as db:
        selections.tick(db, cast.olga.actor, list_name="students", on=[cast.max.person.id or 0], filter=StudentFilter())
        chosen = selections.current(db, cast.olga.actor, list_name="students").id or 0
        rows = _rows(db, cast.olga.actor, chosen, scope="selected", columns=("first_name",))
        assert rows == [["First name"], ["Max"]]


def test_accounts_stand_in_a_workbook_with_moments_and_words(cast: Cast) -> None:
    columns = tuple(list_columns.ACCOUNTS)
    with database.transaction() as db:
        shown = _shown(db, cast.olga.actor, AccountFilter(user_types=("guardian",)))
        size = selection_rows.size(db, cast.olga.actor, selection_id=shown, scope="shown")
        prepared = list_files.prepare(
            db,
            cast.olga.actor,
            kind="list-xlsx",
            selection_id=shown,
            scope="shown",
            expected=size,
            columns=columns,
            order=Order(),
        )
    rows = CalamineWorkbook.from_filelike(io.BytesIO(prepared.content())).get_sheet_by_index(0).to_python()
    assert rows[0] == [list_columns.ACCOUNTS[name].title for name in columns]
    gina = dict(zip(rows[0], next(row for row in rows if "Gina" in str(row[0])), strict=True))
    assert gina["User type"] == "Parent/Guardian" and "Sam Sideris" in str(gina["Linked student(s)"])
    assert gina["Created on"].year >= 2026  # type: ignore[union-attr]
    assert prepared.name.endswith(".xlsx") and prepared.name.startswith("User Accounts ")


@pytest.mark.parametrize("kind", list(list_files.KINDS))
def test_r70_no_name_of_a_list_becomes_a_formula(cast: Cast, kind: str) -> None:
    with database.transaction() as db:
        for name in HOSTILE:
            make.person(db, last_name=name, in_section=cast.class_7b)
        shown = _shown(db, cast.olga.actor)
        size = selection_rows.size(db, cast.olga.actor, selection_id=shown, scope="shown")
        asked: Any = {"selection_id": shown, "scope": "shown", "expected": size, "columns": ("last_name",)}
        content = list_files.prepare(db, cast.olga.actor, kind=kind, order=Order(), **asked).content()
    if kind == "list-xlsx":
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        assert b"<f>" not in content
    else:
        assert content.startswith(b"\xef\xbb\xbf") == (kind == "list-csv")
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len(rows) == size + 1
    assert not any(str(row[0]).startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for row in rows)


def test_r61_a_coordinator_gets_her_classes_without_contacts(cast: Cast) -> None:
    with database.transaction() as db:
        rows = _rows(db, cast.cora.actor, _shown(db, cast.cora.actor))
        assert rows[0] == ["Student code", "Name", "Class", "State"]
        assert {row[1] for row in rows[1:]} == {"Sideris Sam", "Sideris Max"}
        with pytest.raises(InputProblem, match="No column"):
            _rows(db, cast.cora.actor, _shown(db, cast.cora.actor), columns=("personal_email", "made_up"))


def test_r64_a_list_that_changed_is_refused_with_the_new_number(cast: Cast) -> None:
    with database.transaction() as db:
        shown = _shown(db, cast.olga.actor)
        with pytest.raises(Conflict, match="not 99"):
            _rows(db, cast.olga.actor, shown, expected=99)
        nobody = _shown(db, cast.olga.actor, StudentFilter(text="nobody is called so"))
        with pytest.raises(InputProblem, match="Nobody matches"):
            _rows(db, cast.olga.actor, nobody)


def test_r60_somebody_elses_selection_and_a_teacher_get_nothing(cast: Cast) -> None:
    with database.transaction() as db:
        shown = _shown(db, cast.olga.actor)
        with pytest.raises(NotFound):
            _rows(db, cast.ada.actor, shown, expected=3)
        without = replace(cast.olga.actor, roles=cast.tom.actor.roles)
        assert not without.may(Permission.PRINT_REPORTS)
        with pytest.raises(NotAllowed):
            _rows(db, without, shown, expected=3)


def test_r95_the_audit_says_what_was_taken_and_never_a_value(cast: Cast) -> None:
    with database.transaction() as db:
        _rows(db, cast.olga.actor, _shown(db, cast.olga.actor))
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "list.exported")).one()
        people = people_sets.pack(one.person.id or 0 for one in (cast.sam, cast.max, cast.otto)).digest
        said = {"kind": "list-csv", "list": "Students List", "count": 3, "columns": sorted(COLUMNS)}
        assert entry.details == said | {"people": people}
        assert "Sideris" not in str(entry.details)


def test_a_failed_delivery_stands_there_with_its_reason_as_on_screen(cast: Cast) -> None:
    with database.transaction() as db:
        gina = db.get_one(Account, cast.gina.account.id)
        gina.delivery, gina.delivery_reason = "failed", "bounced"
        db.add(gina)
        shown = _shown(db, cast.olga.actor, AccountFilter(user_types=("guardian",)))
        rows = _rows(db, cast.olga.actor, shown, columns=("name", "delivery", "initial_password"))
        assert rows[1][1:] == ["Failed: the mailbox does not accept mail", "No"]


def test_more_rows_than_one_slice_keep_their_order(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_files, "AT_ONCE", 2)
    with database.transaction() as db:
        for number in range(7):
            make.person(db, last_name=f"Zed{number}", in_section=cast.class_7b)
        rows = _rows(db, cast.olga.actor, _shown(db, cast.olga.actor), columns=("last_name",))
        names = [row[0] for row in rows[1:]]
        assert names == sorted(names) and len(names) == len(
            db.exec(select(Person).where(Person.kind == "student")).all()
        )


def test_each_column_of_the_students_list_stands_in_a_file_alone_as_beside_the_others(cast: Cast) -> None:
    names = tuple(list_columns.STUDENTS)
    with database.transaction() as db:
        shown = _shown(db, cast.olga.actor)
        whole = _rows(db, cast.olga.actor, shown, columns=names)
        assert whole[0] == [list_columns.STUDENTS[name].title for name in names]
        for place, name in enumerate(names):
            assert _rows(db, cast.olga.actor, shown, columns=(name,)) == [[row[place]] for row in whole]
