"""Slips as people and machines read them: nothing to be typed is lost, the code is the link, the bytes are the same."""

from __future__ import annotations

import dataclasses
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
import segno
import zxingcpp

from core.documents import credentials, press
from core.documents.papers import ClassRows, Credentials, Letterhead
from core.documents.qr import LinkCodes
from core.rules import initial_credentials
from core.rules.report_parameters import CredentialParameters
from tests.documents import papers

KEY = b"a key of thirty-two bytes, more"
PORTAL = "https://portal.school.example/sign-in"
LINK = "https://portal.school.example/i/"
HEAD = Letterhead(
    "Athena School",
    "User Account Credentials",
    "Academic period 2026-2027",
    "3 slips",
    "Olga Orlova",
    datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    "Europe/Athens",
)


LONG = "https://" + "portal-of-a-school-with-a-long-name." * 4 + "example/"


def token(number: int) -> str:
    return initial_credentials.link_token(KEY, str(number))


def row(number: int = 1, **values: Any) -> tuple[Any, ...]:
    """A student with a live initial password and no link, unless `values` say otherwise."""
    fields = {
        "name": "Sam Sideris",
        "code": f"S{number:05}",
        "title": "7B",
        "kind": "student",
        "relation": "",
        "wards": "",
        "username": f"sam.sideris{number}",
        "secret": "password",
        "password": initial_credentials.initial_password(KEY, str(number)),
        "until": "2026-12-14 09:00",
        "token": "",
        "link_until": "",
        "language": "en",
        "letter": number,
    } | values
    return tuple(fields.values())


def paper(classes: dict[str, list[tuple[Any, ...]]], **values: Any) -> Credentials:
    groups = tuple(ClassRows.of(title, rows) for title, rows in classes.items())
    return Credentials(HEAD, groups, PORTAL, LINK, CredentialParameters(**values))


def decoded(data: bytes) -> list[str]:
    """The codes of all pages, as a phone reads them."""
    images = (page.render(scale=2.2).to_pil() for page in pypdfium2.PdfDocument(data))
    return [found.text for image in images for found in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("layout", ["letter", "2", "4", "8"])
def test_a_slip_says_what_its_owner_needs(layout: str, tmp_path: Path) -> None:
    data = credentials.render(paper({"7B": [row(1), row(2)]}, layout=layout))
    text = papers.poppler_text(data, tmp_path)
    for wanted in ("Athena School", "Sam Sideris", "7B · S00001", "sam.sideris1"):
        assert wanted in text
    for wanted in ("https://portal.school.example/sign-in", "Works until 14 Dec 2026, 11:00", "Confidential"):
        assert wanted in text
    assert row(1)[8] in text and row(2)[8] in text
    assert all(f"{step}. " in text for step in (1, 2, 3))
    pages = 2 if layout == "letter" else 1
    assert f"Page {pages} of {pages}" in text and len(papers.pages(data)) == pages


def test_a_class_begins_a_page() -> None:
    data = credentials.render(paper({"7B": [row(number) for number in range(9)], "8A": [row(10)]}))
    assert len(papers.pages(data)) == 3
    assert papers.bookmarks(data) == ["7B", "8A"]
    assert "Page 3 of 3" in papers.pages(data)[2]


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("chosen", "already chosen by the user"),
        ("microsoft", "sign in with Microsoft 365"),
        ("none", "none at present: ask the school office"),
        ("staff", "for an administrator to print"),
        ("link", "scan the code to choose a password"),
    ],
)
def test_without_a_password_it_says_why(secret: str, said: str, tmp_path: Path) -> None:
    data = credentials.render(paper({"7B": [row(secret=secret, password="", until="")]}))
    assert said in papers.poppler_text(data, tmp_path)


def test_the_code_is_the_link_and_never_the_password() -> None:
    rows = [row(number, token=token(number) if number % 2 else "") for number in range(8)]
    assert sorted(decoded(credentials.render(paper({"7B": rows})))) == sorted(
        LINK + token(number) for number in (1, 3, 5, 7)
    )


@pytest.mark.parametrize("layout", ["letter", "2", "4", "8", "table"])
def test_every_code_of_every_layout_is_read_and_a_table_has_none(layout: str) -> None:
    rows = [row(number, token=token(number)) for number in range(11)]
    read = decoded(credentials.render(paper({"7B": rows[:6], "8A": rows[6:]}, layout=layout)))
    assert sorted(read) == ([] if layout == "table" else sorted(LINK + token(number) for number in range(11)))


def test_codes_made_together_are_those_made_one_by_one() -> None:
    tokens = [token(number) for number in range(40)]
    assert LinkCodes(LINK, 26, expected=40).paths(tokens) == LinkCodes(LINK, 26, expected=4000).paths(tokens)
    assert LinkCodes(LINK, 26, expected=1).size == len(
        segno.make(LINK + tokens[0], error="m", boost_error=False).matrix
    )


def test_r71_names_of_all_scripts_are_shaped_and_long_ones_lose_nothing_to_be_typed(tmp_path: Path) -> None:
    username = "m" * 30 + "@" + "athena-school-of-long-names.example"
    rows = [
        row(1, name="Μαρία Παπαδοπούλου", language="el"),
        row(2, name="محمد علي"),
        row(3, name="Α" * 60 + " " + "Β" * 60, username=username),
        row(4, name="", username="x" * 60),
        row(5, name="Gina Siderí", kind="guardian", relation="mother", wards="Sam Sideris, Max Sideris"),
    ]
    text = papers.poppler_text(credentials.render(paper({"7B": rows})), tmp_path)
    assert "Μαρία Παπαδοπούλου" in text and "Αρχικός κωδικός" in text and "Ισχύει έως 14 Δεκ 2026" in text
    assert "Account of the mother of Sam Sideris, Max Sideris" in text and "ΑΑΑ…" in text
    joined = (
        "".join(papers.pages(credentials.render(paper({"7B": rows[2:4]})))).replace("\n", "").replace("\ufffe", "-")
    )
    assert username in joined and "x" * 60 in joined
    assert rows[2][8] in text
    mohammed = papers.pages(credentials.render(paper({"7B": [rows[1]]})))[0]
    assert "محمد" in mohammed or "دمحم" in mohammed


def test_the_same_paper_gives_the_same_bytes_here_and_in_the_process_that_draws() -> None:
    drawn = paper({"7B": [row(number, token=token(number)) for number in range(30)]})
    first = credentials.render(drawn)
    assert first == credentials.render(drawn) == press.draw(drawn)
    other = dataclasses.replace(drawn, parameters=CredentialParameters(layout="4"))
    assert credentials.render(other) != first


def test_many_slips_are_all_there() -> None:
    rows = [row(number, token=token(number)) for number in range(240)]
    data = credentials.render(paper({"7B": rows}))
    assert len(papers.pages(data)) == 30
    text = "".join(papers.pages(data))
    assert all(one[8] in text and one[6] in text for one in rows)
    assert len(decoded(data)) == 240


@pytest.mark.parametrize("layout", ["letter", "2", "4", "8", "table"])
@pytest.mark.parametrize("where", ["name", "code", "title", "relation", "wards", "username", "extra", "school"])
def test_a_character_without_a_glyph_is_a_box_and_its_page_says_so(layout: str, where: str) -> None:
    text = "Ca\u0301 李雷 \U0001f600"
    texts = {where: text} if where not in ("extra", "school") else {}
    rows = [row(1), row(2, **({"kind": "guardian", "relation": "mother", "wards": "Sam"} | texts))]
    drawn = paper({"7B": rows}, layout=layout, extra_text=text if where == "extra" else "")
    if where == "school":
        drawn = dataclasses.replace(drawn, head=dataclasses.replace(HEAD, school=text))
    pages = papers.pages(credentials.render(drawn))
    assert "typeface" in pages[-1]
    assert ("typeface" in pages[0]) is (len(pages) == 1 or where in ("extra", "school"))


@pytest.mark.parametrize("layout", ["letter", "8", "table"])
def test_a_new_microsoft_account_has_its_password_and_how_to_type_it(layout: str, tmp_path: Path) -> None:
    password = initial_credentials.microsoft_password(KEY, "1")
    new = row(secret="microsoft_password", password=password, until="", token="", language="en")
    text = papers.poppler_text(credentials.render(paper({"7B": [new]}, layout=layout)), tmp_path)
    assert password in text and "Works until 1" not in text and "the first sign-in" in text
    assert ("capital and small letters too" in text) is (layout != "table")


LINK_END = "2026-12-05 09:00"
ENDS = {
    "password": {"until": "2026-12-14 09:00", "link_until": LINK_END},
    "link": {"password": "", "until": LINK_END},
    "microsoft": {"password": "", "until": "", "link_until": LINK_END},
    "microsoft_password": {"password": "Kettle-harbour-42", "until": "", "link_until": LINK_END},
}


@pytest.mark.parametrize("layout", ["letter", "2", "8"])
@pytest.mark.parametrize(
    ("secret", "language", "said"),
    [
        ("password", "en", {"Works until 14 Dec 2026, 11:00", "until 5 Dec 2026, 11:00", "choose your password"}),
        (
            "password",
            "el",
            {"Ισχύει έως 14 Δεκ 2026, 11:00", "έως 5 Δεκ 2026, 11:00", "Σάρωσε για να διαλέξεις κωδικό"},
        ),
        ("link", "en", {"Works until 5 Dec 2026, 11:00", "Scan to choose your password"}),
        ("microsoft", "en", {"until 5 Dec 2026, 11:00", "Scan to use Microsoft 365"}),
        ("microsoft", "el", {"έως 5 Δεκ 2026, 11:00", "Σάρωσε για Microsoft 365"}),
        ("microsoft_password", "en", {"Works until the first sign-in", "until 5 Dec 2026, 11:00", "use Microsoft 365"}),
        ("microsoft_password", "el", {"Ισχύει έως την πρώτη σύνδεση", "έως 5 Δεκ 2026, 11:00", "Σάρωσε για Microsoft"}),
    ],
)
def test_password_and_link_each_say_their_own_end(
    layout: str, secret: str, language: str, said: set[str], tmp_path: Path
) -> None:
    slip = row(1, secret=secret, token=token(1), language=language, **ENDS[secret])
    text = papers.poppler_text(credentials.render(paper({"7B": [slip]}, layout=layout)), tmp_path)
    assert [words for words in said if words not in text] == []
    ends = {"en": ("14 Dec", "5 Dec"), "el": ("14 Δεκ", "5 Δεκ")}[language]
    assert [text.count(end) for end in ends] == [int(secret == "password"), 1]
    assert ("your password" in text) <= ("microsoft" not in secret)


@pytest.mark.parametrize("layout", ["letter", "2", "4", "8", "table"])
def test_a_long_address_of_the_portal_is_whole_and_large_enough_to_be_read(layout: str) -> None:
    drawn = paper({"7B": [row(1, token=token(1)), row(2)]}, layout=layout)
    data = credentials.render(dataclasses.replace(drawn, portal=LONG + "sign-in", link=LONG + "i/"))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        used = [part for page in pdf.pages for part in pikepdf.parse_content_stream(page)]
    sizes = [float(part.operands[1]) for part in used if str(part.operator) == "Tf"]
    assert min(sizes) >= 5.2
    joined = "".join(papers.pages(data)).replace("\n", "").replace("\ufffe", "-")
    assert LONG + "sign-in" in joined and (layout != "letter" or LONG + "i/" + token(1) in joined)
    assert decoded(data) == ([] if layout == "table" else [LONG + "i/" + token(1)])
