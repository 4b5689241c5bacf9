"""Who gets an account, under which username, and who does not and why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from core.models import PersonKind, SignInMethod, UserType
from core.permissions import Role
from core.rules import username_pattern, usernames
from core.rules.reachability import Policy
from core.rules.username_pattern import Pattern

# What accounts of a user type may be given by themselves, the first unless the school says otherwise. Who sees or sends
# more than a teacher is always named by an administrator.
ROLES_BY_DEFAULT: dict[UserType, tuple[str, ...]] = {
    UserType.STUDENT: (Role.STUDENT, ""),
    UserType.GUARDIAN: (Role.GUARDIAN, ""),
    UserType.TEACHER: (Role.TEACHER, Role.COORDINATOR, ""),
    UserType.STAFF: ("", Role.TEACHER, Role.COORDINATOR),
}
# What staff may be named instead of staff or teachers when their account is made; they get no role by themselves.
CHOSEN_TYPES = (UserType.PARTNER, UserType.ALUMNUS, UserType.AGENT)


class AccountRefusal(StrEnum):
    """Why a person does not get an account."""

    HAS_ONE = "has_one"
    STATUS = "status"
    NO_MICROSOFT_ADDRESS = "no_microsoft_address"
    ADDRESS_TAKEN = "address_taken"


@dataclass(frozen=True)
class Candidate:
    """A person who may get an account. `teaches`: the classes, for staff. `chosen_type`: one of CHOSEN_TYPES."""

    person_id: int
    kind: str
    first_name: str
    last_name: str
    source_id: str
    counts: bool
    has_account: bool
    external_email: str
    teaches: tuple[int, ...] = ()
    chosen_type: UserType | None = None


@dataclass(frozen=True)
class NewAccount:
    """An account that would be made. `role` is None where an administrator has to give one."""

    person_id: int
    name: str
    username: str
    user_type: UserType
    sign_in_method: SignInMethod
    role: Role | None
    section_ids: tuple[int, ...]


@dataclass(frozen=True)
class Skipped:
    """A person who gets none."""

    person_id: int
    name: str
    reason: AccountRefusal


@dataclass(frozen=True)
class Plan:
    """What creating accounts would do."""

    new: tuple[NewAccount, ...]
    skipped: tuple[Skipped, ...]

    @property
    def seen(self) -> str:
        """Stands for exactly this: whoever looked at it agrees to no other usernames and no other people."""
        return hashlib.sha256(repr((self.new, self.skipped)).encode()).hexdigest()


def plan(
    candidates: Iterable[Candidate],
    *,
    policy: Policy,
    taken: dict[str, int],
    pattern: Pattern,
    roles: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """An account for each candidate who may have one; names that exist are never changed. Fills `taken`.

    `roles`: which role accounts of a user type get, where it is another one than by default.
    """
    new: list[NewAccount] = []
    skipped: list[Skipped] = []
    for person in candidates:
        name = f"{person.last_name} {person.first_name}"
        user_type = _user_type(person)
        role = roles.get(user_type, ROLES_BY_DEFAULT.get(user_type, ("",))[0])
        microsoft = user_type in policy.microsoft_user_types
        reason = _refusal(person, microsoft=microsoft, taken=taken)
        if reason:
            skipped.append(Skipped(person.person_id, name, reason))
            continue
        username = _username(person, microsoft=microsoft, taken=taken, pattern=pattern)
        method = SignInMethod.MICROSOFT if microsoft else SignInMethod.LOCAL
        new.append(
            NewAccount(
                person.person_id, name, username, user_type, method, Role(role) if role else None, person.teaches
            )
        )
    return Plan(tuple(new), tuple(skipped))


def _user_type(person: Candidate) -> UserType:
    if person.kind == PersonKind.STUDENT:
        return UserType.STUDENT
    if person.kind == PersonKind.GUARDIAN:
        return UserType.GUARDIAN
    if person.chosen_type:
        return person.chosen_type
    return UserType.TEACHER if person.teaches else UserType.STAFF


def _refusal(person: Candidate, *, microsoft: bool, taken: dict[str, int]) -> AccountRefusal | None:
    if person.has_account:
        return AccountRefusal.HAS_ONE
    if not person.counts:
        return AccountRefusal.STATUS
    if microsoft and not person.external_email:
        return AccountRefusal.NO_MICROSOFT_ADDRESS
    if microsoft and usernames.key(person.external_email) in taken:
        return AccountRefusal.ADDRESS_TAKEN
    return None


def _username(person: Candidate, *, microsoft: bool, taken: dict[str, int], pattern: Pattern) -> str:
    if microsoft:
        taken[usernames.key(person.external_email)] = 1
        return person.external_email
    stem = username_pattern.stem(
        pattern, first_name=person.first_name, last_name=person.last_name, code=person.source_id
    )
    return usernames.next_free(stem, taken, suffix=pattern.suffix)
