"""Who is created in Microsoft 365, under which address; and why others are not."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, MutableMapping
from dataclasses import dataclass
from enum import StrEnum

from core.rules import directory_match, directory_users, username_pattern, usernames
from core.rules.directory_users import LONGEST_NAME, NewUser, SchoolMember, User
from core.rules.username_pattern import Pattern


class NotCreated(StrEnum):
    """Why somebody is not created, or was not."""

    OTHER_DOMAIN = "other_domain"
    ADDRESS_TAKEN = "address_taken"
    ADDRESS = "address"
    THERE_ALREADY = "there_already"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    NO_LICENCE = "no_licence"
    NOT_LINKED = "not_linked"


@dataclass(frozen=True)
class Skipped:
    """Somebody who gets none."""

    person_id: int
    name: str
    reason: NotCreated


@dataclass(frozen=True)
class Plan:
    """What creating would do."""

    new: tuple[NewUser, ...]
    skipped: tuple[Skipped, ...]

    @property
    def seen(self) -> str:
        """Stands for exactly this: whoever looked at it agrees to no other addresses and no other people."""
        return hashlib.sha256(repr((self.new, self.skipped)).encode()).hexdigest()


def plan(
    people: Iterable[SchoolMember],
    *,
    domain: str,
    pattern: Pattern,
    there: Collection[str],
    taken: MutableMapping[str, int],
) -> Plan:
    """A user for each: under the address that they have already, else one of the school's pattern. Fills `taken`.

    `there`: the addresses of the directory, folded; `taken`: these and all others that a new one must not be.
    """
    new: list[NewUser] = []
    skipped: list[Skipped] = []
    own: set[str] = set()
    for person in people:
        address = person.address or _made(person, domain=domain, pattern=pattern, taken=taken)
        reason = _refusal(address, domain=domain, there=there, own=own)
        if reason:
            skipped.append(Skipped(person.person_id, f"{person.last_name} {person.first_name}", reason))
            continue
        own.add(usernames.key(address))
        code = directory_users.employee_id(person.source_id)
        names = person.first_name[:LONGEST_NAME], person.last_name[:LONGEST_NAME]
        new.append(NewUser(person.person_id, address, *names, code))
    return Plan(tuple(new), tuple(skipped))


def is_theirs(new: NewUser, user: User) -> bool:
    """Whether a user is the one that was made for somebody: the same code, and a word of the last name.

    Student 12 and teacher 12 share a code, and easily a first name.
    """
    return _same_code(new, user) and directory_match.share_a_name(new.surname or new.given_name, user)


def may_be_theirs(new: NewUser, user: User) -> bool:
    """Whether a person has to look before another is made: the same code, and any word of the name."""
    return _same_code(new, user) and directory_match.share_a_name(new.display_name, user)


def _same_code(new: NewUser, user: User) -> bool:
    return user.employee_id.strip().casefold() == new.employee_id.casefold()


def _made(person: SchoolMember, *, domain: str, pattern: Pattern, taken: MutableMapping[str, int]) -> str:
    stem = username_pattern.stem(
        pattern, first_name=person.first_name, last_name=person.last_name, code=person.source_id
    )
    return usernames.next_free(stem, taken, suffix=f"@{domain}")


def _refusal(address: str, *, domain: str, there: Collection[str], own: Collection[str]) -> NotCreated | None:
    key = usernames.key(address)
    if not directory_users.usable(address):
        return NotCreated.ADDRESS
    if key.rpartition("@")[2] != domain:
        return NotCreated.OTHER_DOMAIN
    return NotCreated.ADDRESS_TAKEN if key in there or key in own else None
