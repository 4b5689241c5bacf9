"""Files for spreadsheets: everybody stands in them, and nothing in them calculates."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from core.rules import exports
from core.rules.exports import FileFormat

HOSTILE = (
    *("", " ", "a\x0bb", "a\u2028b", "\r\n", "\n=1", "x" * 10_000, "O'Brien", "Null", "=1+1", "+1", "-1", "@SUM(A1)"),
    *(
        "\t=1",
        "\r=1",
        "＝1",
        "＋1",
        "－1",
        "＠SUM",
        "<script>",
        "![x](http://mail.example)",
        "{{7*7}}",
        "${jndi:ldap://x}",
    ),
    *(
        "%s",
        "../../etc",
        "</para><para>",
        "\u202eabc\u202c",
        "Z" + "\u0301" * 40,
        "\U0001f468\u200d\U0001f469",
        "e\u0301",
    ),
    *(
        "İıIi",
        "аdmin",
        "x@bücher.example",
        '"a b"@mail.example',
        "a@b@mail.example",
        "+1 900 555 0100",
        "+881 1",
        "112",
    ),
    *("9999-12-31", "2024-02-29", "http://mail.example", "mailto:a@mail.example", "internal:Sheet1!A1", "Ζωή"),
    *('say "hi", they said', "a;b", "_x0041_", "{=1+1}", "1e5", "0012", "TRUE", "#REF!", "=cmd|' /C calc'!A0"),
)
WHEN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def _rows(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_r70_no_cell_of_a_csv_begins_like_a_formula() -> None:
    rows = _rows(exports.write(FileFormat.CSV, ["Name"], [[[name] for name in HOSTILE]]))
    assert rows[0] == ["Name"]
    assert [row[0].removeprefix("'") for row in rows[1:]] == list(HOSTILE)
    assert not any(row[0].startswith(tuple("=+-@\t\r\n＝＋－＠")) for row in rows[1:])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_r70_one_formula_among_thousands_of_names_is_found(hostile: str) -> None:
    clean = [("Ζωή", "7B", 1)] * 2_000
    slices = [clean, [*clean, ("Max", hostile, None)], clean]
    rows = _rows(exports.write(FileFormat.CSV, ["Name", "Class", "Tries"], slices))
    assert rows[4_001] == ["Max", exports.safe(hostile), ""]
    assert rows[1] == rows[4_000] == rows[-1] == ["Ζωή", "7B", "1"] and len(rows) == 6_002


@pytest.mark.parametrize("cells", [*((text,) for text in HOSTILE), *((text, "7B") for text in HOSTILE)])
def test_a_csv_is_written_as_the_csv_module_writes_it_quotes_and_all(cells: tuple[str, ...]) -> None:
    expected, header = io.StringIO(), ["Name", "Class"][: len(cells)]
    csv.writer(expected).writerows([header, *([tuple(map(exports.safe, cells))] * 2)])
    written = exports.write(FileFormat.CSV, header, [[cells], [], [cells]], marked=False)
    assert written == expected.getvalue().encode()


def test_r70_a_workbook_holds_texts_and_no_formulas() -> None:
    content = exports.write(FileFormat.XLSX, ["Name", "Tries", "When"], [[[name, 2, WHEN] for name in HOSTILE]])
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["Name", "Tries", "When"]
    assert len(rows) == len(HOSTILE) + 1
    assert (rows[10][0], rows[10][1], rows[10][2]) == ("'=1+1", 2.0, WHEN.replace(tzinfo=None))
    cells = [cell for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(min_row=2) for cell in row]
    assert {cell.data_type for cell in cells[::3]} <= {"s", "n"} and not any(cell.hyperlink for cell in cells)
    assert [cell.value for cell in cells[::3] if cell.data_type == "n"] == [None]  # the empty name
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert not any(b"<f" in book.read(name) for name in book.namelist() if "worksheets" in name)


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_a_nul_is_left_out(file_format: FileFormat) -> None:
    assert exports.write(file_format, ["Name"], [[["a\0b"]]])
