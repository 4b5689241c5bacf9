"""Searches and the texts that they look through say the same thing in the same way."""

from __future__ import annotations

from typing import Any

import pytest

from core.rules import person_facts
from core.rules.search_text import digits, fold_name, sought

NOBODY: dict[str, Any] = dict.fromkeys(
    (
        *("first_name", "middle_name", "last_name", "source_id", "mobile", "phone"),
        *("personal_email", "contact_email", "external_email"),
    ),
    "",
)


def _finds(text: str, **known: str) -> bool:
    told = person_facts.derived(NOBODY | known, default_region="GR")["search_text"]
    return any(all(word in told for word in reading) for reading in sought(text).readings)


@pytest.mark.parametrize(
    "typed",
    [
        *("+306941234567", "306941234567", "00306941234567", "6941234567", "694 123 4567", "694-1234567"),
        *("+30 694 123 4567", "(+30) 694.123.4567", "+30 (0) 6941234567", "0030 694/1234567", "+30 694"),
    ],
)
def test_a_mobile_is_found_however_its_number_is_written(typed: str) -> None:
    assert _finds(typed, mobile="6941234567")
    assert _finds(typed, mobile="+306941234567")
    assert not _finds(typed, mobile="6941230000") or typed == "+30 694"


@pytest.mark.parametrize("typed", ["2101234567", "210 123 4567", "210-1234567", "+302101234567", "0030 210 1234567"])
@pytest.mark.parametrize("stored", ["210 123 4567", "2101234567", "+30 210 1234567", "(210) 123-4567"])
def test_a_landline_is_found_however_it_is_stored(typed: str, stored: str) -> None:
    assert _finds(typed, phone=stored)


def test_a_number_that_is_none_is_found_as_it_is() -> None:
    assert _finds("grandma", phone="ask grandma")
    assert _finds("12345", phone="12-345")


@pytest.mark.parametrize("typed", ["O'Brien", "o’brien", "OBRIEN", "O`Brien", "brien"])
@pytest.mark.parametrize("stored", ["O'Brien", "O’Brien", "Obrien"])
def test_names_are_found_with_and_without_apostrophes(typed: str, stored: str) -> None:
    assert _finds(typed, last_name=stored)


def test_codes_with_hyphens_and_zeros_are_words_as_well() -> None:
    assert _finds("2024-0013", source_id="2024-0013")
    assert _finds("0013", source_id="2024-0013")
    assert sought("0013").readings == (("0013",),)
    assert sought("7 8").readings == (("7", "8"),)
    assert sought("Anna 7B").readings == (("anna", "7b"),)


def test_numbers_become_digits_without_the_zeros_that_are_only_dialled() -> None:
    assert digits("0030 694 123 4567") == "306941234567"
    assert digits("+44 (0)20 7946 0958") == "442079460958"
    assert digits("0000013") == "0000013"


def test_nothing_but_an_apostrophe_is_looked_for_in_usernames_alone() -> None:
    found = sought("’")
    assert found
    assert found.readings == ()
    assert not sought(" \x00 ")
    assert fold_name("Ó’Néill") == "oneill"
