"""Addresses and numbers of the demo school: under reserved domains, and as people type them."""

from __future__ import annotations

from random import Random

from core.demo.names import Culture, Name

MAIL, SCHOOL = "mail.example", "school.example"
_BAD_NUMBERS = ("12345", "69123", "ask the grandmother", "+30 69", "0000000000", "210-CALL-ME")
_BAD_ADDRESSES = ("maria(at)mail.example", "no-at-sign.mail.example", "two@@mail.example", "nikos@mail .example", "-")
_ABROAD = {"44": "+44 7700 900{:03}", "49": "+49 1512 3456{:03}", "48": "+48 512 345 {:03}", "90": "+90 532 555 0{:03}"}


def email(first: Name, last: Name, number: int) -> str:
    """An address at a domain that nobody can own."""
    return f"{first.latin}.{last.latin}{number}@{MAIL}"


def school_email(first: Name, last: Name, number: int) -> str:
    """The address that Microsoft 365 would give."""
    return f"{first.latin[0]}{last.latin}{number}@{SCHOOL}"


def mobile(chance: Random, culture: Culture) -> str:
    """A mobile number in one of the ways people write it; some families keep the number of another country."""
    luck = chance.random()
    if luck < 0.35 and culture.country_code in _ABROAD:
        return _ABROAD[culture.country_code].format(chance.randrange(1000))
    number = f"692{chance.randrange(10**7):07}"
    if luck < 0.6:
        return f"+30{number}"
    if luck < 0.85:
        return number
    return f"0030 {number[:3]} {number[3:6]} {number[6:]}"


def landline(chance: Random) -> str:
    """A number of the Athens network."""
    return f"210{chance.randrange(6_000_000, 7_000_000)}"


def bad_number(chance: Random) -> str:
    """What stands in the number's place when somebody was in a hurry."""
    return chance.choice(_BAD_NUMBERS)


def bad_address(chance: Random) -> str:
    """The same for an e-mail address."""
    return chance.choice(_BAD_ADDRESSES)
