"""Letters, slips and tables of credentials: whatever was asked for stands on them, and nothing is lost."""

from __future__ import annotations

import dataclasses
import io
import re
import subprocess
from datetime import date
from pathlib import Path

import pikepdf
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image

from core.documents import credentials, press
from core.documents.papers import ClassRows
from tests.documents import papers
from tests.documents.test_slips import HEAD, LINK, PORTAL, decoded, paper, row, token

LAYOUTS = ["letter", "2", "4", "8", "table"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_file_is_clean_confidential_and_its_fonts_are_subsets(layout: str, tmp_path: Path) -> None:
    path = tmp_path / "credentials.pdf"
    path.write_bytes(credentials.render(paper({"7B": [row(1)], "8A": [row(2)]}, layout=layout)))
    subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)
    with pikepdf.open(path) as pdf:
        assert str(pdf.docinfo["/Title"]) == "User Account Credentials"
        assert str(pdf.docinfo["/Author"]) == "Athena School" and "Confidential" in str(pdf.docinfo["/Keywords"])
        assert pdf.Root.Lang == "en"
        fonts = [str(font.BaseFont) for font in pdf.pages[0].Resources.Font.values()]
        assert all(re.match(r"/[A-Z]{6}\+", font) for font in fonts)
    assert "Confidential" in papers.poppler_text(path.read_bytes(), tmp_path)
    assert papers.bookmarks(path.read_bytes())[:2] == ["7B", "8A"]


@pytest.mark.parametrize("layout", ["letter", "8"])
def test_a_document_in_greek_says_so_down_to_its_foot(layout: str) -> None:
    drawn = paper({"7B": [row(1, language="el"), row(2, language="el", name="李雷")]}, layout=layout)
    data = credentials.render(dataclasses.replace(drawn, head=dataclasses.replace(HEAD, language="el")))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.Root.Lang == "el"
    last = papers.pages(data)[-1]
    assert "Εμπιστευτικό" in last and "23 Νοε 2026, 11:00" in last and "Κάτι σε αυτή τη σελίδα" in last
    pages = len(papers.pages(data))
    assert f"Σελίδα {pages} από {pages}" in last and "Confidential" not in last


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_page_says_who_printed_it_when_and_of_whom_however_much_there_is_to_say(layout: str) -> None:
    head = dataclasses.replace(
        HEAD, scope="All shown: 12,345 students · 34,567 accounts", printed_by="Ευαγγελία Παπαδημητρίου-Ζαφειρίου"
    )
    drawn = dataclasses.replace(paper({"7B": [row(1)]}, layout=layout), head=head)
    (page,) = papers.pages(credentials.render(drawn))
    for said in (head.scope, head.printed_by, "23 Nov 2026, 11:00"):
        assert said in page


def test_a_table_is_in_one_language_whatever_its_people_speak() -> None:
    rows = [
        row(1, language="el", kind="guardian", relation="", wards="Sam"),
        row(2, language="el", secret="chosen", password="", until=""),
    ]
    text = papers.pages(credentials.render(paper({"7B": rows}, layout="table")))[0]
    assert "Account of the" in text and "already chosen" in text
    assert not re.search("[α-ω]", text)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_same_input_same_bytes_and_a_locked_file_opens_with_its_password_only(layout: str) -> None:
    drawn = paper({"7B": [row(number, token=token(number)) for number in range(12)]}, layout=layout)
    assert credentials.render(drawn) == credentials.render(drawn) == press.draw(drawn)
    parameters = dataclasses.replace(drawn.parameters, pdf_password="Ein Schloß, bitte")
    locked = press.draw(dataclasses.replace(drawn, parameters=parameters))
    with pikepdf.open(io.BytesIO(locked), password="Ein Schloß, bitte") as pdf:
        assert (pdf.encryption.R, pdf.encryption.bits) == (6, 256)
        assert str(pdf.docinfo["/Title"]) == "User Account Credentials"
        assert len(pdf.pages) and pdf.open_outline().root[0].title == "7B"
        opened = io.BytesIO()
        pdf.save(opened, encryption=False)
    assert papers.pages(opened.getvalue()) == papers.pages(credentials.render(drawn))
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(locked))
    assert b"Athena" not in locked and "Schlo" not in repr(parameters)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_extra_text_date_and_signature_stand_on_it(layout: str, tmp_path: Path) -> None:
    asked = {"extra_text": "Questions: room 12, Monday.", "dated": date(2026, 11, 24), "signature_line": True}
    text = papers.poppler_text(credentials.render(paper({"7B": [row(1)]}, layout=layout, **asked)), tmp_path)
    assert "Questions: room 12, Monday." in text and "24 November 2026" in text
    assert ("Signature" if layout == "table" else "Received (date, signature)") in text


def test_a_letter_for_a_family_has_all_its_accounts_and_goes_on_over_pages(tmp_path: Path) -> None:
    rows = [row(1, name="Gina Siderí", kind="guardian", code="", relation="mother", wards="Sam Sideris", letter=7)]
    rows += [row(number, token=token(number), letter=7) for number in range(2, 7)]
    data = credentials.render(paper({"7B": [*rows, row(9)]}, layout="letter", signature_line=True))
    pages = papers.pages(data)
    assert len(pages) == 3 and all("To Gina Siderí" in page for page in pages[:2])
    assert all(any(one[8] in page for page in pages[:2]) for one in rows) and rows[0][8] not in pages[2]
    assert sorted(decoded(data)) == sorted(LINK + token(number) for number in range(2, 7))
    assert LINK + token(2) in "".join(pages).replace("\n", "")


@pytest.mark.parametrize("count", range(1, 10))
def test_the_boxes_of_a_letter_never_run_into_its_foot(count: int) -> None:
    rows = [row(number, letter=1) for number in range(count)]
    text = "word " * 300
    pages = papers.pages(credentials.render(paper({"7B": rows}, layout="letter", extra_text=text)))
    assert all(one[8] in "".join(pages) for one in rows)
    assert all(f"Page {at} of {len(pages)}" in page for at, page in enumerate(pages, start=1))


def test_classes_flow_on_when_no_page_break_is_asked_for() -> None:
    classes = {"7B": [row(1), row(2), row(3)], "8A": [row(4)]}
    data = credentials.render(paper(classes, page_per_class=False))
    assert len(papers.pages(data)) == 1 and papers.bookmarks(data) == ["7B", "8A"]


def test_a_table_without_passwords_has_the_links(tmp_path: Path) -> None:
    rows = [row(1, secret="link", password="", token=token(1)), row(2, secret="no_link", password="", until="")]
    data = credentials.render(paper({"7B": rows}, layout="table", show_passwords=False))
    text = "".join(papers.pages(data)).replace("\n", "").replace("\ufffe", "-")
    assert PORTAL in text and token(1) in text and "no link at present: ask the school office" in text


def _logo(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 120), (15, 94, 99)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_logo_stands_on_it_and_a_broken_one_stops_nothing(layout: str, kind: str, tmp_path: Path) -> None:
    drawn = paper({"7B": [row(1)]}, layout=layout)
    path = tmp_path / "logo.pdf"
    path.write_bytes(credentials.render(dataclasses.replace(drawn, head=dataclasses.replace(HEAD, logo=_logo(kind)))))
    listed = subprocess.run(["pdfimages", "-list", str(path)], capture_output=True, text=True, check=True).stdout
    assert "300   120" in listed
    broken = dataclasses.replace(HEAD, logo=_logo(kind)[:40])
    assert credentials.render(dataclasses.replace(drawn, head=broken))


def _font(path: Path, characters: str) -> str:
    """A font that has these characters and nothing else."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0)), pen.lineTo((900, 0)), pen.lineTo((500, 800)), pen.closePath()
    names = [".notdef", *(f"g{index}" for index in range(len(characters)))]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): names[at] for at, character in enumerate(characters, start=1)})
    glyph = pen.glyph()
    builder.setupGlyf(dict.fromkeys(names, glyph))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Beyond", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800)
    builder.setupPost()
    builder.save(path)
    return str(path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_characters_that_ours_lacks_are_written_in_the_font_of_the_installation(layout: str, tmp_path: Path) -> None:
    head = dataclasses.replace(HEAD, cjk_font=_font(tmp_path / "beyond.ttf", "李雷さくら"))
    rows = [row(1, name="李雷 Sam", username="李雷.sam"), row(2, name="さくら"), row(3, name="Sam")]
    drawn = dataclasses.replace(paper({"7B": rows}, layout=layout), head=head)
    text = "".join(papers.pages(credentials.render(drawn)))
    assert "李雷 Sam" in text and "李雷.sam" in text and "さくら" in text
    assert "typeface" not in text
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font at all")
    boxes = credentials.render(dataclasses.replace(drawn, head=dataclasses.replace(HEAD, cjk_font=str(broken))))
    assert "typeface" in "".join(papers.pages(boxes))


def test_a_thousand_rows_and_one_are_a_document_of_two_parts() -> None:
    rows = [row(number) for number in range(1001)]
    assert len(ClassRows.of("7B", rows).parts) == 2
    data = credentials.render(paper({"7B": rows}, layout="table"))
    text = "\n".join(papers.pages(data))
    assert "1001\n" in text or "1001 " in text
    assert "7B: 1,001 accounts" in text
