"""The problems of an upload as a file: for whoever uploaded it, sealed, once, for ten minutes."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlmodel import col, select

from core import clock as core_clock
from core import database
from core.errors import NotAllowed, NotFound, RowProblem, Severity
from core.models import AuditEntry, ReportPart, ReportRequest, RequestStatus
from core.permissions import Actor
from core.services import import_problem_files, report_requests
from tests.cast import Cast
from tests.conftest import Clock
from tests.rules.test_exports import HOSTILE

PROBLEMS = [
    RowProblem("list.csv", 3, "E-mail", "sam@", "Write a whole address.", Severity.ERROR),
    RowProblem("list.csv", 5, "Mobile", "12", "This number is too short.", Severity.WARNING),
]


def _keep(actor: Actor, problems: list[RowProblem] = PROBLEMS, kind: str = "import-problems-csv") -> str:
    file = import_problem_files.sheet(kind, problems)
    with database.transaction() as db:
        return import_problem_files.keep(
            db, actor, kind=kind, name=file.name, content=file.content(), number=len(problems)
        )


def _fetch(actor: Actor, token: str) -> bytes:
    with database.transaction() as db:
        file = report_requests.fetch(db, actor, token=token)
        return b"".join(report_requests.part(db, file, number) for number in range(file.parts))


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_r44_who_uploaded_fetches_row_column_and_what_to_do_once(cast: Cast, clock: Clock) -> None:
    token = _keep(cast.olga.actor)
    assert _rows(_fetch(cast.olga.actor, token)) == [
        ["File", "Row", "Column", "Value", "Kind", "What to do"],
        ["list.csv", "3", "E-mail", "sam@", "Put right", "Write a whole address."],
        ["list.csv", "5", "Mobile", "12", "Note", "This number is too short."],
    ]
    with pytest.raises(NotFound):
        _fetch(cast.olga.actor, token)


def test_r44_nobody_else_fetches_it_and_after_ten_minutes_nobody(cast: Cast, clock: Clock) -> None:
    token = _keep(cast.olga.actor)
    with pytest.raises(NotFound):
        _fetch(cast.ada.actor, token)
    clock.forward(minutes=10)
    with pytest.raises(NotFound):
        _fetch(cast.olga.actor, token)
    with database.transaction() as db:
        assert report_requests.forget_ended(db) == 1
        assert db.exec(select(ReportPart)).all() == []


def test_r45_it_lies_sealed_and_another_takes_its_place(cast: Cast, clock: Clock) -> None:
    first = _keep(cast.olga.actor)
    with database.reading() as db:
        assert all(b"sam@" not in part.sealed for part in db.exec(select(ReportPart)))
    _keep(cast.olga.actor)
    with pytest.raises(NotFound):
        _fetch(cast.olga.actor, first)
    with database.reading() as db:
        older, row = db.exec(select(ReportRequest).order_by(col(ReportRequest.id))).all()
        assert older.status == RequestStatus.CANCELLED and row.id != older.id
        assert {part.request_id for part in db.exec(select(ReportPart))} == {row.id}
        assert row.expires_at == core_clock.now() + timedelta(minutes=10) and row.asked == b""
        noted = [entry.details for entry in db.exec(select(AuditEntry).where(AuditEntry.action == "report_file.asked"))]
    assert noted == [{"kind": "import-problems-csv", "count": 2}] * 2


@pytest.mark.parametrize("kind", import_problem_files.KINDS)
def test_r70_no_value_of_an_upload_becomes_a_formula(cast: Cast, clock: Clock, kind: str) -> None:
    problems = [RowProblem(name, 2, name, name, name) for name in HOSTILE]
    content = _fetch(cast.olga.actor, _keep(cast.olga.actor, problems, kind))
    if kind.endswith("xlsx"):
        cells = list(load_workbook(io.BytesIO(content)).worksheets[0].iter_rows())
        assert not any(cell.data_type == "f" or cell.hyperlink for row in cells for cell in row)
        rows = [[str(cell.value or "") for cell in row] for row in cells]
    else:
        rows = _rows(content)
    assert len(rows) == len(HOSTILE) + 1
    assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for row in rows for cell in row)


def test_r60_who_may_not_import_keeps_nothing(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        _keep(cast.cora.actor)
