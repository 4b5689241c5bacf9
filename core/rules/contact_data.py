"""E-mail addresses and phone numbers: are they valid, and how are they written."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from core.rules import mobile_shortcut

_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]{1,30}(?:\.[A-Za-z0-9_+-]{1,30})?")


def email_is_valid(text: str) -> bool:
    """Whether mail can be addressed to `text`: syntax only, no look-up (RFC 5322, RFC 6531)."""
    local, _at, domain = text.partition("@")
    if len(text) <= 254 and domain.isascii() and _PLAIN_LOCAL_PART.fullmatch(local):
        return _is_valid(f"a@{domain}")  # 60 times as fast: a school's addresses share few domains
    return _is_valid(text)


@lru_cache(maxsize=50_000)
def _is_valid(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def read_mobile(text: str, default_region: str) -> tuple[str, str]:
    """A mobile number as E.164 with its region; a text that is no mobile number comes back as it is, region "".

    National numbers are read as numbers of `default_region`; 00 and + both mean abroad.
    """
    typed = text.strip()
    if plain := mobile_shortcut.read(typed, default_region):
        return plain
    return by_the_library(typed, default_region)


@lru_cache(maxsize=50_000)
def by_the_library(typed: str, default_region: str) -> tuple[str, str]:
    """The same for any number whatever."""
    international = f"+{typed[2:]}" if typed.startswith("00") else typed
    try:
        number = phonenumbers.parse(international, default_region)
    except NumberParseException:
        return typed, ""
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN or number.extension:
        return typed, ""
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if kind not in _MOBILE:
        return written, ""
    return written, phonenumbers.region_code_for_number(number) or ""
