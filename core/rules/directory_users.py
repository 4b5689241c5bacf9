"""People as Microsoft's directory knows them, and those that it should know."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FIELDS = ("id", "userPrincipalName", "mail", "displayName", "givenName", "surname", "employeeId", "accountEnabled")
GUEST, LONGEST_CODE, LONGEST_NAME = "Guest", 16, 64
MISSING, THERE = "missing", "there"  # why Microsoft refuses: there is no such object, or there is one already
UNREADABLE = "unreadable"  # it answered, and not in the shape that it promises
_USABLE = re.compile("[!-~]+@[!-~]+")  # Microsoft takes no other letters in a userPrincipalName


class NotTied(StrEnum):
    """Why somebody cannot be tied to a user of the directory."""

    ADDRESS = "address"
    NAME_TAKEN = "name_taken"
    SOMEBODY_ELSE = "somebody_else"
    ALREADY = "already"


@dataclass(frozen=True)
class SchoolMember:
    """Somebody of the school. `address` is the Microsoft address that the school keeps for them, often none."""

    person_id: int
    first_name: str
    last_name: str
    source_id: str
    address: str = ""


@dataclass(frozen=True)
class User:
    """Somebody in the directory. `address` is the userPrincipalName, with which they sign in."""

    object_id: str
    address: str
    display_name: str = ""
    given_name: str = ""
    surname: str = ""
    employee_id: str = ""
    mail: str = ""
    is_enabled: bool = True


@dataclass(frozen=True)
class NewUser:
    """Somebody who is to be in it. `employee_id` is the person's own code, by which they are known again."""

    person_id: int
    address: str
    given_name: str
    surname: str
    employee_id: str

    @property
    def display_name(self) -> str:
        return f"{self.given_name} {self.surname}".strip()


def employee_id(source_id: str) -> str:
    """A person's code as the directory can keep it: in 16 characters; a longer one as a digest of itself."""
    code = source_id.strip()
    if len(code) <= LONGEST_CODE:
        return code
    return hashlib.sha256(code.encode()).hexdigest()[:LONGEST_CODE]


def usable(address: str) -> bool:
    """Whether it can be a username here."""
    return len(address) <= 100 and _USABLE.fullmatch(address) is not None


def read(said: Mapping[str, Any]) -> User | None:
    """A user as Graph tells of them; None for guests, who belong to another school's directory."""
    if said.get("userType") == GUEST or not said.get("id") or not said.get("userPrincipalName"):
        return None
    texts = {name: str(said.get(name) or "") for name in FIELDS if name != "accountEnabled"}
    return User(
        texts["id"].casefold(),
        texts["userPrincipalName"],
        texts["displayName"],
        texts["givenName"],
        texts["surname"],
        texts["employeeId"],
        texts["mail"],
        said.get("accountEnabled") is not False,
    )
