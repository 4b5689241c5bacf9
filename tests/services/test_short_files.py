"""The lists of staff and of academic years as files: whose they are, what stands in them, what is written down."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import pytest
from openpyxl import load_workbook
from sqlmodel import col, select

from core import clock, database
from core.errors import InputProblem, NotAllowed
from core.models import (
    AcademicPeriod,
    Account,
    AccountRole,
    AuditEntry,
    FolderImport,
    ImportRun,
    PersonKind,
    ReminderRun,
    Section,
)
from core.permissions import Role
from core.rules import people_sets
from core.services import directory_files, import_files, reminder_files, staff_files, year_files
from tests import cast as make
from tests.cast import Cast
from tests.rules.test_exports import HOSTILE


def _staff(cast: Cast, kind: str = "staff-csv-plain", text: str = "") -> list[list[str]]:
    with database.transaction() as db:
        return _read(kind, staff_files.prepare(db, cast.ada.actor, kind=kind, text=text).content())


def _years(cast: Cast, kind: str = "years-csv-plain") -> list[list[str]]:
    with database.transaction() as db:
        return _read(kind, year_files.prepare(db, cast.ada.actor, kind=kind).content())


def _read(kind: str, content: bytes) -> list[list[str]]:
    if not kind.endswith("xlsx"):
        assert content.startswith(b"\xef\xbb\xbf") == kind.endswith("csv")
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    cells = list(load_workbook(io.BytesIO(content)).worksheets[0].iter_rows())
    assert not any(cell.data_type == "f" or cell.hyperlink for row in cells for cell in row)
    return [[_said(cell.value) for cell in row] for row in cells]


def _said(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, datetime) else "" if value is None else str(value)


@pytest.mark.parametrize("kind", staff_files.KINDS)
def test_each_role_of_the_staff_is_a_row_with_its_classes_and_days(cast: Cast, kind: str) -> None:
    with database.transaction() as db:
        held = db.exec(select(AccountRole).where(col(AccountRole.account_id) == cast.cora.account.id)).one()
        held.starts_on, held.ends_on = date(2026, 9, 1), date(2027, 6, 30)
        office = make.role(db, account=cast.cora.account, role=Role.OFFICE)
        office.starts_on, office.ends_on = held.starts_on, held.ends_on
    header, *rows = _staff(cast, kind)
    assert header == list(staff_files.HEADER)
    mine = [row[6:] for row in rows if row[2] == cast.cora.account.username]
    assert sorted(mine) == [
        ["Coordinator", "Every period", "7B", "2026-09-01", "2027-06-30"],
        ["Office", "Every period", "everybody", "2026-09-01", "2027-06-30"],
    ]
    assert not [row for row in rows if row[2] == cast.sam.account.username]


def test_staff_without_a_role_stand_in_the_file_and_the_search_of_the_page_narrows_it(cast: Cast) -> None:
    with database.transaction() as db:
        nora = make.person(db, kind=PersonKind.STAFF, first_name="Nora", last_name="Nilsen")
        make.account(db, person=nora, user_type="staff", username="nora")
    (row,) = _staff(cast, text="nilsen")[1:]
    assert row[:4] == ["Nilsen", "Nora", "nora", "Staff/Employee"]
    assert row[6:] == ["None: cannot sign in", "", "", "", ""]
    with pytest.raises(InputProblem, match="Nobody"):
        _staff(cast, text="nobody has this name")


@pytest.mark.parametrize("kind", staff_files.KINDS)
def test_r70_no_name_of_staff_or_of_their_classes_becomes_a_formula(cast: Cast, kind: str) -> None:
    with database.transaction() as db:
        for number, name in enumerate(HOSTILE):
            hostile = make.person(db, kind=PersonKind.STAFF, first_name=name, last_name=name)
            make.account(db, person=hostile, user_type="staff", username=f"hostile{number}")
        db.get_one(Section, cast.class_7b.id).title = "=7+7"
    rows = _staff(cast, kind)
    assert len(rows) > len(HOSTILE) and "'=7+7" in [row[8] for row in rows]
    assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for row in rows for cell in row)


@pytest.mark.parametrize("kind", year_files.KINDS)
def test_r70_the_years_are_exported_with_their_numbers_and_no_title_becomes_a_formula(cast: Cast, kind: str) -> None:
    with database.transaction() as db:
        db.add(AcademicPeriod(source_id="odd", title="=1+1", starts_on=None, ends_on=None))
    header, *rows = _years(cast, kind)
    assert header == list(year_files.HEADER)
    assert ["'=1+1", "No", "", "", "0", "0"] in rows
    (current,) = [row for row in rows if row[1] == "Yes"]
    assert current[0] == cast.period.title and current[4:] == ["2", "3"]


def test_taking_either_list_is_written_down_with_its_number_and_whom_it_named(cast: Cast) -> None:
    named = {row[2] for row in _staff(cast)[1:]}
    number = len(_years(cast)) - 1
    with database.reading() as db:
        mine = select(Account.person_id).where(col(Account.username).in_(named))
        people = people_sets.pack(db.exec(mine).all()).digest
        first, second = db.exec(select(AuditEntry).where(AuditEntry.action == "list.exported")).all()
    staff = {"kind": "staff-csv-plain", "list": "Staff and roles", "count": len(named), "people": people}
    assert first.details == staff and len(named) == 4
    assert second.details == {"kind": "years-csv-plain", "list": "Academic years", "rows": number}


def test_r60_only_who_manages_roles_or_years_gets_their_lists(cast: Cast) -> None:
    for who in (cast.olga.actor, cast.cora.actor, cast.tom.actor):
        with database.transaction() as db, pytest.raises(NotAllowed):
            staff_files.prepare(db, who, kind="staff-csv")
        with database.transaction() as db, pytest.raises(NotAllowed):
            year_files.prepare(db, who, kind="years-csv")


@pytest.mark.parametrize("kind", directory_files.KINDS)
def test_r70_all_of_a_round_in_microsoft_365_who_are_to_be_looked_at_are_exported(cast: Cast, kind: str) -> None:
    with database.transaction() as db:
        hostile = [
            make.person(db, last_name=name, first_name=name, in_section=cast.class_7b) for name in HOSTILE if name
        ]
        run_id = make.directory_round(db, cast.sam.person, *hostile)
        make.directory_round(db, cast.otto.person)
    with database.transaction() as db:
        found = directory_files.prepare(db, cast.ada.actor, kind=kind, run_id=run_id)
    header, *rows = _read(kind, found.content())
    assert header == list(directory_files.HEADER) and len(rows) == len(hostile) + 1
    assert ["Sideris", "Sam"] in [row[:2] for row in rows] and all(row[4] for row in rows)
    assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for row in rows for cell in row)
    with database.transaction() as db, pytest.raises(NotAllowed):
        directory_files.prepare(db, cast.olga.actor, kind=kind, run_id=run_id)


def _imports(cast: Cast, kind: str) -> list[list[str]]:
    with database.transaction() as db:
        return _read(kind, import_files.prepare(db, cast.olga.actor, kind=kind).content())


@pytest.mark.parametrize("kind", import_files.KINDS)
def test_r70_imports_are_exported_with_their_numbers_and_no_name_of_a_file_becomes_a_formula(
    cast: Cast, kind: str
) -> None:
    with database.transaction() as db, pytest.raises(InputProblem, match="empty"):
        import_files.prepare(db, cast.olga.actor, kind=kind)
    with database.transaction() as db:
        for name in HOSTILE:
            numbers = {"created": 5, "changed": 4, "unchanged": 3, "left": 2, "returned": 1}
            run = ImportRun(applied_at=clock.now(), applied_by=name, source=name, format="list", digest="", **numbers)
            db.add(run)
            db.flush()
            db.add(FolderImport(at=clock.now(), name=name, digest="", run_id=run.id, notes=6))
        db.add(FolderImport(at=clock.now(), name="last.csv", digest="", refusal="=Row 2 has no name."))
    header, *rows = _imports(cast, kind)
    if kind.startswith(import_files.FOLDER):
        assert header == list(import_files.HEADERS[import_files.FOLDER]) and len(rows) == len(HOSTILE) + 1
        assert rows[0][1:] == ["last.csv", "Refused", "'=Row 2 has no name.", "0", "0", "0", "0", "0"]
        assert {tuple(row[2:]) for row in rows[1:]} == {("Imported", "", "6", "5", "4", "2", "1")}
    else:
        assert header == list(import_files.HEADERS[import_files.RUNS]) and len(rows) == len(HOSTILE)
        assert {tuple(row[3:]) for row in rows} == {("A list of students", "5", "4", "3", "2", "", "1")}
    assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for row in rows for cell in row)
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "list.exported")).one()
    assert (entry.details["kind"], entry.details["rows"]) == (kind, len(rows))
    with database.transaction() as db, pytest.raises(NotAllowed):
        import_files.prepare(db, cast.cora.actor, kind=kind)


@pytest.mark.parametrize("kind", reminder_files.KINDS)
def test_r70_the_runs_of_reminders_are_exported_with_why_some_were_not_reminded(cast: Cast, kind: str) -> None:
    with database.transaction() as db, pytest.raises(InputProblem, match="empty"):
        reminder_files.prepare(db, cast.olga.actor, kind=kind)
    with database.transaction() as db:
        left_out = {"deactivated": 2, "bounced": 1}
        db.add(ReminderRun(day=date(2026, 11, 22), made_at=clock.now(), reminded=7, left_out=left_out))
        db.add(ReminderRun(day=date(2026, 11, 23), made_at=clock.now()))
    with database.transaction() as db:
        header, *rows = _read(kind, reminder_files.prepare(db, cast.olga.actor, kind=kind).content())
    assert header == list(reminder_files.HEADER)
    assert [(row[0], *row[2:5]) for row in rows] == [("2026-11-23", "0", "", "0"), ("2026-11-22", "7", "", "3")]
    assert "the account is deactivated: 2; " in rows[1][5] and not rows[0][5]
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "list.exported")).one()
    assert entry.details == {"kind": kind, "list": "Runs of reminders", "rows": 2}
    with database.transaction() as db, pytest.raises(NotAllowed):
        reminder_files.prepare(db, cast.tom.actor, kind=kind)
