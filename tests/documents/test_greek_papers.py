"""A Greek document of credentials has no word of ours in English, whatever stands on it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

from core.documents import credentials
from core.rules import slip_words
from core.rules.handing_over import SlipSecret
from core.tables.slips import STAFF, WITHOUT_CLASS
from pages.shared.guardian_form import RELATIONS
from tests.documents import papers
from tests.documents.test_slips import HEAD, paper, row, token

# What is nobody's word to translate: addresses, typed things, the names of the cast and of Microsoft.
_NOT_OURS = re.compile(
    r"https?://\S+|S\d{5}|Microsoft 365|Microsoft|7B|Sideris|Sam|Athena School|Olga Orlova|\b[a-z]+\d\b"
)
_SCOPES = [
    slip_words.scope("el", listed, rows=rows, shown=shown, accounts="2 λογαριασμοί")
    for listed, rows, shown in product(("students", "accounts"), (1, 2, 1240), (None, 1, 240, 5000))
]


@pytest.mark.parametrize("said", _SCOPES)
def test_a_scope_in_greek_says_what_the_english_one_says(said: str) -> None:
    assert not re.search("[A-Za-z]", said) and said.endswith("2 λογαριασμοί")


def test_the_scope_in_english_is_as_it_was() -> None:
    assert slip_words.scope("en", "students", rows=23, shown=240, accounts="46 accounts") == (
        "23 selected of 240 · 46 accounts"
    )
    assert slip_words.scope("en", "accounts", rows=46, shown=None, accounts="46 accounts") == "All shown: 46 accounts"
    assert slip_words.scope("en", "students", rows=2, shown=1, accounts="4 accounts") == (
        "2 students selected, 1 shown in the list · 4 accounts"
    )


@pytest.mark.parametrize("layout", ["letter", "2", "4", "8"])
def test_no_english_word_stands_in_a_greek_document(layout: str) -> None:
    said = slip_words.words("el")
    rows = [
        row(
            at,
            language="el",
            username=f"user{at % 10}",
            secret=secret,
            password="234567" if secret.endswith("password") else "",
            token=token(at) if secret == "link" else "",
            title=slip_words.group("el", (STAFF, WITHOUT_CLASS, "7B")[at % 3]),
            kind=("guardian", "student", "staff")[at % 3],
            relation=relation,
            wards="Sam Sideris",
        )
        for at, (secret, relation) in enumerate(product(SlipSecret, (*RELATIONS, "relative", "guardian")))
    ]
    head = replace(
        HEAD, title=said.title, period=said.period % "2026-2027", scope=_SCOPES[0], printed_by="Όλγα", language="el"
    )
    drawn = replace(paper({"7B": rows}, layout=layout, signature_line=True), head=head)
    for text in papers.pages(credentials.render(drawn)):
        typed = "".join(line for line in text.splitlines(keepends=True) if "https://" not in line and "/i/" not in line)
        assert re.findall("[A-Za-z]{2,}", _NOT_OURS.sub("", typed)) == []


def test_all_groups_and_relations_that_we_name_have_a_greek_word() -> None:
    groups = (STAFF, WITHOUT_CLASS, "By name", "By student code")
    assert all(slip_words.group("el", title) != title for title in groups)
    assert {relation.casefold() for relation in RELATIONS if relation} <= set(slip_words.words("el").relations)
    assert slip_words.group("el", "7B") == "7B" and slip_words.group("en", STAFF) == STAFF
