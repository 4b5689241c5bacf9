"""Files for spreadsheets: everybody stands in them, and nothing in them calculates."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from python_calamine import CalamineWorkbook

from core.rules import exports
from core.rules.exports import FileFormat

HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "O'Brien", "<script>", "Ζωή", 'say "hi", they said')
WHEN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def _rows(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_r70_no_cell_of_a_csv_begins_like_a_formula() -> None:
    rows = _rows(exports.write(FileFormat.CSV, ["Name"], [[name] for name in HOSTILE]))
    assert rows[0] == ["Name"]
    assert [row[0].removeprefix("'") for row in rows[1:]] == [name.replace("\0", "") for name in HOSTILE]
    assert not any(row[0].startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for row in rows[1:])


def test_r70_a_workbook_holds_texts_and_no_formulas() -> None:
    content = exports.write(FileFormat.XLSX, ["Name", "Tries", "When"], [[name, 2, WHEN] for name in HOSTILE])
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["Name", "Tries", "When"]
    assert len(rows) == len(HOSTILE) + 1
    assert (rows[1][0], rows[1][1], rows[1][2]) == ("'=1+1", 2.0, WHEN.replace(tzinfo=None))
    assert b"<f>" not in content


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_a_nul_is_left_out(file_format: FileFormat) -> None:
    assert exports.write(file_format, ["Name"], [["a\0b"]])
