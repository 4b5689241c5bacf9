"""The columns of Person that follow from its other columns: one place, used by every writer of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.rules.contact_data import email_is_valid, read_mobile
from core.rules.search_text import digits, fold_name, sort_key

LONGEST_NAME, LONGEST_TEXT = 150, 450  # together they fit into one index entry of PostgreSQL (2,704 bytes)


def derived(person: Mapping[str, Any], *, default_region: str) -> dict[str, Any]:
    """search_text, what is sorted by, validity of the addresses, and numbers as E.164 where they can get an SMS."""
    mobile, region = read_mobile(person["mobile"], default_region) if person["mobile"] else ("", "")
    phone, phone_region = home_phone(person["phone"], default_region)
    names = f"{person['last_name']} {person['first_name']} {person['middle_name']}"
    sort_name = fold_name(names)[:LONGEST_NAME]
    numbers = [_searched(number, default_region) for number in (mobile, phone) if number]
    emails = (person["personal_email"], person["contact_email"], person["external_email"])
    return {
        "mobile": mobile,
        "mobile_region": region,
        "phone": phone,
        "phone_region": phone_region,
        "sort_name": sort_name,
        "sort_first_name": fold_name(f"{person['first_name']} {person['last_name']}")[:LONGEST_NAME],
        "sort_grade": sort_key(person.get("grade", "")),
        # It begins with a space: " ab" finds the words that begin with ab.
        "search_text": f" {sort_name} {fold_name(' '.join((person['source_id'], *numbers, *emails)))}"[:LONGEST_TEXT],
        "personal_email_valid": bool(person["personal_email"]) and email_is_valid(person["personal_email"]),
        "contact_email_valid": bool(person["contact_email"]) and email_is_valid(person["contact_email"]),
    }


def home_phone(typed: str, default_region: str) -> tuple[str, str]:
    """Most are landlines and stay as they are typed."""
    number, region = read_mobile(typed, default_region) if typed else ("", "")
    return (number, region) if region else (typed, "")


def _searched(number: str, default_region: str) -> str:
    """A number as it is searched: with its country where it has one, else as it is."""
    return digits(read_mobile(number, default_region)[0]) or number
