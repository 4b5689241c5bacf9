"""The report as people and programs read it."""

from __future__ import annotations

import random
import subprocess
import unicodedata
from pathlib import Path

import pytest

from core.documents import student_account_info
from tests.documents import papers

NAMES = (
    ("Παπαδοπούλου", "Αικατερίνη"),
    ("Nguyễn", "Thị Hồng Nhung"),
    ("محمود", "محمد"),
    ("כהן", "שרה"),
    ("Żółć-Łęcki", "Şükrü"),
    ("Çağlar", "Þórdís"),
    ("Шевченко", "Олександра"),
    ("O'Brien", "Zoë"),
)
HOSTILE = (
    "",
    " ",
    "\x00",
    "\x0b",
    "\u2028",
    "\r\n",
    "a" * 10_000,
    "O'Brien",
    "Null",
    "=1+1",
    "＝1",
    "@SUM",
    "<script>alert(1)</script>",
    "![x](http://example.org/x)",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "%s %d %(x)s %b",
    "../../etc/passwd",
    "</para><para>",
    "(unbalanced ) \\ ) parentheses \\(",
    ") Tj ET BT (",
    "\u202eabc\u202c",
    "\u2066x\u2069\u200b\u200d\ufeff",
    "Z" + "\u0301\u0323" * 60,
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "e\u0301 é",
    "İıIi",
    "аdmin",
    "\uf8ff\ue000",
    "\ud800",
    "\U0010ffff\ufdd0",
    "राधिका สมชาย ជា မြန်မာ ಕನ್ನಡ",
    "李小龍 김철수 さくら",
    "مُحَمَّدٌ (Mo) 12-34 שָׁלוֹם",
    "﷽",
    "𐤀𐤁 𞤀𞤁",
    "ﬀ ﷺ Ǆ ‱",
)


def test_every_cell_comes_back_as_it_went_in(tmp_path: Path) -> None:
    rows = [papers.row(i, last=last, first=first) for i, (last, first) in enumerate(NAMES)]
    data = student_account_info.render(papers.paper({"7B": rows}))
    for text in (papers.pages(data)[0], papers.poppler_text(data, tmp_path)):
        for number, (last, first) in enumerate(NAMES):
            line = next(line for line in text.splitlines() if f"S{number:05}" in line)
            for cell in (last, first, "7B", f"sam.sideris{number}", "Local", f"sam{number}@mail.example"):
                assert cell in line
            assert "+306912345678" in line and "20 Nov 2026" in line and "Invited" in line


def test_every_glyph_number_survives_even_where_its_bytes_mean_something_in_a_pdf() -> None:
    dice = random.Random(4)
    letters = [chr(c) for c in (*range(0x21, 0x17F), *range(0x391, 0x3CE)) if chr(c).isprintable()]
    rows = [papers.row(i, last="".join(dice.choices(letters, k=6))) for i in range(120)]
    text = "".join(papers.pages(student_account_info.render(papers.paper({"7B": rows}))))
    text = unicodedata.normalize("NFC", text)
    assert [row[1] for row in rows if unicodedata.normalize("NFC", row[1]) not in text] == []


def test_names_without_a_glyph_stand_as_boxes_and_can_still_be_copied() -> None:
    data = student_account_info.render(papers.paper({"7B": [papers.row(last="李小龍", first="राधिका")]}))
    text = papers.pages(data)[0]
    assert "李小龍" in text and "राधिका" in text
    assert "different characters cannot be printed in our typeface" in text


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_no_text_breaks_the_document(hostile: str, tmp_path: Path) -> None:
    rows = [papers.row(), papers.row(2, code=hostile, last=hostile, first=hostile, username=hostile, email=hostile)]
    data = student_account_info.render(papers.paper({hostile: rows, "8A": [papers.row(3)]}, school=hostile))
    _assert_sound(data, tmp_path)
    text = "".join(papers.pages(data))
    assert "S00001" in text and "S00003" in text


def test_the_whole_corpus_at_once_is_one_sound_document(tmp_path: Path) -> None:
    rows = [papers.row(number, last=hostile, first=hostile) for number, hostile in enumerate(HOSTILE)]
    data = student_account_info.render(papers.paper({"7B": rows}))
    _assert_sound(data, tmp_path)
    assert all(f"S{number:05}" in "".join(papers.pages(data)) for number in range(len(HOSTILE)))


def test_names_are_shortened_but_what_must_be_typed_is_not() -> None:
    name, username = "Wolfeschlegelsteinhausenbergerdorff" * 2, "w" * 70
    email = "a.very.long.address." * 11 + "@mail.example"
    row = papers.row(last=name[:60], username=username, email=email, code="CODE7" * 9)
    text = papers.pages(student_account_info.render(papers.paper({"7B": [row, papers.row(2)]})))[0]
    joined = "".join(text.split())
    assert name[:60] not in joined and "…" in joined
    for exact in (email, "CODE7" * 9):
        assert _letters_in_order(exact, joined)
    assert joined.count("w") >= 70
    assert "S00002" in text


def test_the_same_people_and_the_same_moment_give_the_same_bytes() -> None:
    first, second = (
        student_account_info.render(papers.paper({"7B": [papers.row(last=last) for last, _ in NAMES]}))
        for _ in range(2)
    )
    assert first == second


def test_each_class_has_a_bookmark_and_a_subtotal_and_the_end_has_totals() -> None:
    classes = {
        "7B": [papers.row(1), papers.row(2, verified=1, last_login="2026-11-21 10:00", state="signed_in")],
        "8A": [papers.row(3, active=0, invited=None, state="ready")],
    }
    data = student_account_info.render(papers.paper(classes))
    assert papers.bookmarks(data) == ["7B", "8A", "Totals"]
    text = "\n".join(papers.pages(data))
    assert "7B: 2 students · 2 active · 1 verified · 2 invited · 1 signed in" in text
    assert "8A: 1 student · 0 active · 0 verified · 0 invited · 0 signed in" in text
    assert "3 students · 2 active · 1 verified · 2 invited · 1 signed in" in text
    assert "Signed in 1 33.3 %" in text


def test_a_page_says_whose_it_is_who_is_in_it_and_which_of_how_many_it_is() -> None:
    data = student_account_info.render(papers.paper({"7B": [papers.row(i) for i in range(100)]}))
    pages = papers.pages(data)
    for number, text in enumerate(pages, start=1):
        for said in ("Athena School", "Student Account Info", "Academic period 2026-2027", "23 selected of 240"):
            assert said in text
        assert "Olga Orlova · 23 Nov 2026, 11:00" in text
        assert f"Page {number} of {len(pages)}" in text
    assert "7B, continued" in pages[1]
    numbers = [line.split()[0] for text in pages for line in text.splitlines() if " S0" in line]
    assert numbers == [str(number) for number in range(1, 101)]


@pytest.mark.parametrize(("sizes", "expected"), [([1], 1), ([25] * 4, 5), ([5, 5, 5], 1), ([400], 14)])
def test_a_class_that_fits_on_a_page_is_not_split(sizes: list[int], expected: int) -> None:
    classes = {f"{n}A": [papers.row(100 * n + i) for i in range(size)] for n, size in enumerate(sizes)}
    data = student_account_info.render(papers.paper(classes))
    pages = papers.pages(data)
    assert len(pages) == expected
    if max(sizes) <= 25:
        assert not any("continued" in text for text in pages)


def test_the_document_names_itself_and_its_language() -> None:
    import pikepdf

    with pikepdf.open(_stream(student_account_info.render(papers.paper({"7B": [papers.row()]})))) as pdf:
        assert pdf.docinfo["/Title"] == "Student Account Info"
        assert pdf.docinfo["/CreationDate"] == "D:20261123090000Z"
        assert pdf.Root.Lang == "en"
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)


def _assert_sound(data: bytes, folder: Path) -> None:
    path = folder / "checked.pdf"
    path.write_bytes(data)
    done = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    drawn = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=False)
    assert (drawn.returncode, drawn.stderr) == (0, b"")


def _letters_in_order(wanted: str, text: str) -> bool:
    rest = iter(text)
    return all(character in rest for character in wanted)


def _stream(data: bytes) -> object:
    from io import BytesIO

    return BytesIO(data)
