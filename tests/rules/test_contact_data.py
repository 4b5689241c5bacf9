"""Addresses and numbers: what is valid, and that the short ways say the same as the long ones."""

from __future__ import annotations

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.rules import mobile_shortcut
from core.rules.contact_data import by_the_library, email_is_valid, read_mobile

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
FORMS = (phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.NATIONAL)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("6912345678", ("+306912345678", "GR")),
        ("+30 691 234 5678", ("+306912345678", "GR")),
        ("0030-691.234.5678", ("+306912345678", "GR")),
        ("+44 7400 123456", ("+447400123456", "GB")),
        ("2101234567", ("+302101234567", "")),
        ("12345", ("12345", "")),
        ("ask the grandmother", ("ask the grandmother", "")),
        ("+1 900 555 0123", ("+19005550123", "")),
        ("+881 612345678", ("+881612345678", "001")),
        ("+30 6912345678 ext. 5", ("+30 6912345678 ext. 5", "")),
        ("", ("", "")),
    ],
)
def test_a_mobile_is_read_as_e164_and_anything_else_stays_as_typed(typed: str, expected: tuple[str, str]) -> None:
    assert read_mobile(typed, "GR") == expected


@pytest.mark.parametrize("region", REGIONS)
def test_the_short_way_agrees_with_the_library_in_every_country(region: str) -> None:
    for kind in phonenumbers.PhoneNumberType.values():
        number = phonenumbers.example_number_for_type(region, kind)
        if number is None:
            continue
        for form in FORMS:
            typed = phonenumbers.format_number(number, form)
            quick = mobile_shortcut.read(typed, region)
            assert quick is None or quick == by_the_library(typed, region)


@settings(max_examples=400, deadline=None)
@given(
    st.from_regex(r"(\+|00)?[0-9]{4,14}", fullmatch=True), st.sampled_from(["GR", "DE", "CY", "GB", "IT", "AR", "US"])
)
@example("0306912345678", "GR")
@example("306912345678", "GR")
@example("+062810000000", "GR")
def test_the_short_way_agrees_with_the_library_on_any_digits(typed: str, region: str) -> None:
    quick = mobile_shortcut.read(typed, region)
    assert quick is None or quick == by_the_library(typed, region)


@settings(max_examples=300, deadline=None)
@given(
    st.from_regex(r"[a-zA-Z0-9._+'-]{0,12}@?[a-z0-9.-]{0,10}(\.example|\.gr|\.test)?", fullmatch=True)
    | st.emails()
    | st.text(max_size=20)
)
@example("a" * 65 + "@mail.example")
@example("a@" + "b" * 250 + ".gr")
@example("ά@παράδειγμα.gr")
def test_the_short_way_agrees_with_the_library_on_addresses(text: str) -> None:
    try:
        validate_email(text, check_deliverability=False)
        expected = True
    except EmailNotValidError:
        expected = False
    assert email_is_valid(text) is expected
