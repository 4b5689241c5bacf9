"""Cleaning, and finding what must be shaped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents.text import SEPARATOR, clean, clean_all, needs_shaping, places_to_shape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sam", "Sam"),
        ("Zoe\u0308", "Zoë"),
        ("a\tb\u00a0c\r\n", "a b c"),
        ("\u202eabc\u202c", "abc"),
        ("a\u200bb\ufeff", "ab"),
        (f"a{SEPARATOR}b", "ab"),
        ("\x00", ""),
        ("\ud800", ""),
    ],
)
def test_text_is_composed_and_nothing_invisible_is_left(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.lists(st.text()))
def test_cleaning_many_gives_what_cleaning_each_gives(texts: list[str]) -> None:
    assert clean_all(texts) == [clean(text) for text in texts]


@given(st.text())
def test_clean_text_can_be_printed_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.isprintable() and SEPARATOR not in cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize("text", ["محمد", "שרה", "x\u0323\u0301", "ﷺ", "𞤀", "สมชาย"])
def test_scripts_whose_letters_depend_on_one_another_are_shaped(text: str) -> None:
    assert needs_shaping(text) and places_to_shape(text)


@pytest.mark.parametrize("text", ["Sam", "Nguyễn", "Ἀθηνᾶ", "Žižek", "李小龍", ""])
def test_others_are_not(text: str) -> None:
    assert not needs_shaping(text) and not places_to_shape(text)
