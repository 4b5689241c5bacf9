"""Files with rows, as schools' systems write them: encodings, delimiters, line ends, Excel, and what is refused."""

from __future__ import annotations

import csv
import io
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputProblem
from core.rules import archives, spreadsheets, text_encoding
from core.rules.spreadsheets import COMMAND_LINE_LIMITS, PAGE_LIMITS, Limits, Upload

GREEK = ["Παπαδόπουλος", "Ελένη", "Ζαφειρίου", "Άννα", "Μαΐου", "Νικολαΐδης", "O'Brien"]
WESTERN = ["Müller", "José María", "Zoë", "Siobhán", "Façade", "Groß", "Smith, John", "O'Brien"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp1253"]
HEADER = ["Student code", "Last name", "First name", "Class"]


def _write(rows: list[list[str]], *, delimiter: str = ",", end: str = "\r\n") -> str:
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if end == "\r" else csv.QUOTE_MINIMAL  # the writer knows no other line end inside a cell
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return out.getvalue()


def _read(content: bytes, name: str = "students.csv") -> spreadsheets.Sheet:
    return spreadsheets.read(Upload(name, content), limits=PAGE_LIMITS)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(ENCODINGS),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.data(),
)
def test_what_a_school_writes_is_what_is_read(encoding: str, delimiter: str, end: str, data: st.DataObject) -> None:
    words = WESTERN if encoding == "cp1252" else GREEK if encoding == "cp1253" else WESTERN + GREEK + ["Đặng", "محمد"]
    cell = st.sampled_from(words) | st.sampled_from(["", "two\nlines", 'a "quoted" word', "a, b; c\td", "6912345678"])
    body = data.draw(st.lists(st.tuples(st.sampled_from(words), cell, cell), min_size=1, max_size=12))
    rows = [HEADER, *(["S1", *row] for row in body)]
    sheet = _read(_write(rows, delimiter=delimiter, end=end).encode(encoding))
    assert sheet.header == tuple(HEADER)
    assert [row for _number, row in sheet.rows] == rows[1:]
    assert sheet.delimiter == delimiter


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_encoding_is_told(encoding: str) -> None:
    words = "Müller,Zoë" if encoding == "cp1252" else "Παπαδόπουλος,Ελένη"
    content = f"Code,Last name,First name\r\nS1,{words}\r\n".encode(encoding)
    assert text_encoding.detect(content) == encoding


def test_a_wrong_encoding_is_refused_with_a_way_out() -> None:
    with pytest.raises(InputProblem, match="CSV UTF-8"):
        text_encoding.read(b"Code\r\n\xff\xfe\xfa", encoding="utf-8")


@pytest.mark.parametrize(
    ("utf8", "other", "encoding"),
    [
        ("Müller", "Zoë", "cp1252"),
        ("Žan,Košir", "Zoë", "cp1252"),
        ("Ayşe,Yıldız", "Zoë", "cp1252"),
        ("O’Brien", "Zoë", "cp1252"),
        ("Γιάννης,Παπάς", "Παπαδόπουλος,Ελένη", "cp1253"),
    ],
)
def test_a_file_put_together_of_two_encodings_is_refused_before_it_spoils_a_name(
    utf8: str, other: str, encoding: str
) -> None:
    mixed = f"S1,{utf8}\r\n".encode() + f"S2,{other}\r\n".encode(encoding) * 3
    with pytest.raises(InputProblem, match=f"others Windows-{encoding.removeprefix('cp')}"):
        text_encoding.read(mixed)


def test_honest_files_of_windows_are_read() -> None:
    mixed = "S1,Müller\r\n".encode() + "S2,Zoë\r\n".encode("cp1252")
    honest = "S2,JOÃO,Zoë »,Åsa,“Ärla”,Ž’s,Ångström Å\r\n"
    assert text_encoding.read(honest.encode("cp1252")) == (honest, "cp1252")
    greek = "S2,Ξένια,Όλγα,ΟΊΚΟΣ,«Ελένη»\r\n"
    assert text_encoding.read(greek.encode("cp1253")) == (greek, "cp1253")
    assert text_encoding.read(mixed, encoding="cp1252")[1] == "cp1252"


def test_row_numbers_are_those_of_a_spreadsheet() -> None:
    sheet = _read(b'Code,Last name\r\nS1,"two\r\nlines"\r\n\r\nS2,Smith\r\n')
    assert [number for number, _row in sheet.rows] == [2, 4]


def test_excels_own_line_about_the_delimiter_is_obeyed() -> None:
    sheet = _read(b"sep=;\r\nCode;Name, whole;Class\r\nS1;a,b;7A\r\n")
    assert (sheet.delimiter, sheet.header) == (";", ("Code", "Name, whole", "Class"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"  \r\n\r\n", "is empty"),
        ("a.csv", b",,,\r\n,,,\r\n", "has no rows"),
        ("a.pdf", b"%PDF-1.7 ...", "neither CSV nor Excel"),
        ("a.csv", b"%PDF-1.7 ...", "neither CSV nor Excel"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + b"\x00\x01\x02\x03" * 50, "neither CSV nor Excel"),
        ("a.docx", b"hello", "neither CSV nor Excel"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "save it as .xlsx"),
        ("a.xlsx", b"PK\x03\x04 xl/workbook.xml broken", "damaged"),
        ("a.csv", b'Code,Last name\r\nS1,"Smith\r\nS2,Jones\r\n', "From row 2 on"),
        ("a.csv", b'Code,Last name\r\nS1,Jones\r\nS2,"Smi"th\r\n', "Row 3 has a quotation mark"),
        ("a.csv", b'Code,Last name\r\nS1,"' + b"x" * 200_000 + b'"\r\n', "From row 2 on"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_a_sentence(name: str, content: bytes, words: str) -> None:
    with pytest.raises(InputProblem, match=words):
        _read(content, name)


def test_too_many_rows_are_refused_and_the_other_way_is_named() -> None:
    lines = "Code,Last name\r\n" + "S1,Smith\r\n" * 20_001
    with pytest.raises(InputProblem, match=r"more than 20,000 rows.*command line"):
        _read(lines.encode())
    assert len(_read(lines[: -len("S1,Smith\r\n")].encode()).rows) == 20_000


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(InputProblem, match="more than 10 MB"):
        spreadsheets.unpack([Upload("a.csv", b"x" * (10 * 1024 * 1024 + 1))], limits=PAGE_LIMITS)


def _workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_excel_cells_become_the_text_that_people_see() -> None:
    sheet = _read(_workbook([HEADER, [13001, "Παπαδόπουλος", True, 6912345678.0]]), "a.xlsx")
    assert sheet.rows == ((2, ["13001", "Παπαδόπουλος", "yes", "6912345678"]),)


def test_a_formula_is_never_evaluated() -> None:
    sheet = _read(_workbook([HEADER, ["S1", '=HYPERLINK("http://evil.example","x")', "=1+1", "7A"]]), "a.xlsx")
    assert sheet.rows == ((2, ["S1", "", "", "7A"]),)


def test_a_cell_in_the_far_corner_is_refused_before_memory_is_reserved() -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "Code", "far out"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(InputProblem, match="reaches to row 1,048,576"):
        _read(out.getvalue(), "a.xlsx")


def test_a_workbook_with_entities_is_refused() -> None:
    good = _workbook([HEADER, ["S1", "a", "b", "7A"]])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                data = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + data
            new.writestr(entry.filename, data)
    with pytest.raises(InputProblem, match="no workbook that can be read"):
        _read(out.getvalue(), "a.xlsx")


def test_a_zip_bomb_is_refused_by_what_comes_out_not_by_what_it_claims() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.csv", b"0" * 3_000_000)
    with pytest.raises(InputProblem, match="Unpacked"):
        archives.unpack(out.getvalue(), limit=1_000_000)


def test_an_archive_gives_its_files_and_nothing_else() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("set/Users.csv", "a,b")
        archive.writestr("etc/passwd", "root")
        archive.writestr("__MACOSX/set/._Users.csv", "junk")
    found = spreadsheets.unpack([Upload("set.zip", out.getvalue())], limits=Limits(10, 10_000))
    assert [upload.name for upload in found] == ["set/Users.csv"]


def test_three_hundred_columns_are_read() -> None:
    header = HEADER + [f"Column {number}" for number in range(296)]
    sheet = _read(_write([header, ["x"] * 300]).encode())
    assert len(sheet.header) == 300


def test_the_folder_and_the_command_take_what_a_million_rows_need_and_the_page_does_not() -> None:
    out, size = io.BytesIO(), archives.MAX_UNPACKED + 1
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.csv", b"," * size)
    packed = [Upload("set.zip", out.getvalue())]
    with pytest.raises(InputProblem, match="larger than 100 MB"):
        spreadsheets.unpack(packed, limits=PAGE_LIMITS)
    assert [len(upload.content) for upload in spreadsheets.unpack(packed, limits=COMMAND_LINE_LIMITS)] == [size]
