"""What somebody typed into a form, checked field by field: the value, or an InputProblem that names the field."""

from __future__ import annotations

import re
from typing import Any

from core.errors import InputProblem
from core.rules import contact_data

_PHONE = re.compile(r"\+?[0-9 ()./-]{5,30}")


def name(text: str, field: str, label: str, *, needed: bool = True) -> str:
    """A name with single spaces; refuses an empty, long or hidden one."""
    written = " ".join(text.split())
    if needed and not written:
        raise InputProblem(f"{label} is empty.", field=field, hint="Type it as it should stand in messages.")
    if len(written) > 100 or not written.isprintable():
        raise InputProblem(f"{label} is too long or has hidden characters.", field=field, hint="At most 100 letters.")
    return written


def among(value: str, allowed: list[Any], field: str, hint: str) -> str:
    """One of the values that a list offers."""
    if value not in allowed:
        raise InputProblem(hint, field=field)
    return str(value)


def email(text: str, field: str) -> str:
    """An address that mail can be sent to, or none."""
    address = text.strip()
    if address and not contact_data.email_is_valid(address):
        raise InputProblem(
            "No mail can be sent to this address.",
            field=field,
            hint="Write it like name@example.org, or leave it empty.",
        )
    return address


def mobile(text: str, region: str) -> str:
    """A mobile number as E.164, or none."""
    if not text.strip():
        return ""
    number, found = contact_data.read_mobile(text, region)
    if not found:
        raise InputProblem(
            "This is no mobile number.", field="mobile", hint=f"Write it with country code, or as a number of {region}."
        )
    return number


def phone(text: str) -> str:
    """A phone number as typed, or none."""
    number = text.strip()
    if number and not _PHONE.fullmatch(number):
        raise InputProblem("This is no phone number.", field="phone", hint="Digits, spaces and a leading + are fine.")
    return number
