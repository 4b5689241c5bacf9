"""What somebody looks for in a list, and which page of it: plain values that can be stored and compared."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal, Self, cast, get_args, get_origin, get_type_hints

from core.rules.search_text import legible

PAGE_SIZE = 50
_LARGEST_KEY = 2**31 - 1


@dataclass(frozen=True, slots=True)  # whoever looks at a list holds a dozen: a kilobyte each without slots
class _Stored:
    """Filters are kept as JSON that names only what was asked for.

    They come from addresses and forms, so what no database can hold is no question: it is left out.
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value and (usable := _usable(value)) is not value:
                object.__setattr__(self, field.name, usable)

    def as_json(self) -> dict[str, object]:
        asked = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asked if value != _no(value)
        }

    @property
    def is_empty(self) -> bool:
        return not self.as_json()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The filter again; what this version does not know or cannot use is left out."""
        hints = _hints(cast(type, cls))
        known = {name: _read(hints[name], stored[name]) for name in hints if name in stored}
        return cls(**{name: value for name, value in known.items() if value is not None})


@dataclass(frozen=True, slots=True)
class StudentFilter(_Stored):
    """Which students. Empty means any.

    `period_id`, `in_period`: has a class in this academic period (the current one when none is named), or has none.
    `has_grade`: any, or none.
    `states` are of AccountState, `statuses` of PersonStatus. `has_personal_email` and the like ask for a usable
    address. `email_refusals`, `sms_refusals`: cannot be written to for one of these reasons (Refusal). `selected`:
    stands in the actor's selection. `of_check`: gets nothing for the reason that the actor opened last from a check.
    What is asked of their accounts means what it means in AccountFilter.
    """

    text: str = ""
    section_ids: tuple[int, ...] = ()
    grades: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    period_id: int | None = None
    in_period: bool | None = None
    has_grade: bool | None = None
    invitable: bool | None = None
    invitable_by_sms: bool | None = None
    has_personal_email: bool | None = None
    has_contact_email: bool | None = None
    has_mobile: bool | None = None
    has_guardian: bool | None = None
    email_refusals: tuple[str, ...] = ()
    sms_refusals: tuple[str, ...] = ()
    has_email: bool | None = None
    invited_after: str = ""
    invited_before: str = ""
    link_ends_within: int | None = None
    came_to: Literal["", "created", "invited", "delivered", "verified", "signed_in"] = ""
    failures: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    verified_after: str = ""
    verified_before: str = ""
    signed_in_after: str = ""
    signed_in_before: str = ""
    selected: bool | None = None
    of_check: Literal["", "yes"] = ""


@dataclass(frozen=True, slots=True)
class AccountFilter(_Stored):
    """Which accounts. `section_ids`, `grades`, `has_grade`, `period_id`: of students there and of their guardians.

    `deliveries` are of MessageStatus ("none": never written to), `sign_in_methods` of SignInMethod. `pending`:
    creation or sync with Microsoft is outstanding. `invited_after`, `invited_before`: days (2027-03-01), both
    included, in the school's zone. `link_ends_within`: days from now in which a live invitation ends. `has_email`: an
    invitation has somewhere to go. `guardians_of_selected`: of the students selected in the Students List. `came_to`:
    has come to this Step or beyond. `failures`: the latest message failed for one of these reasons (FailureReason).
    `channels`: the latest invitation went so. `verified_after` and the like are days again, of the first sign-in too.
    `of_check`: as for students.
    """

    text: str = ""
    user_types: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    section_ids: tuple[int, ...] = ()
    grades: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    deliveries: tuple[str, ...] = ()
    sign_in_methods: tuple[str, ...] = ()
    active: bool | None = None
    verified: bool | None = None
    login: Literal["", "has", "never"] = ""
    pending: bool | None = None
    locked: bool | None = None
    must_change_password: bool | None = None
    period_id: int | None = None
    in_period: bool | None = None
    has_grade: bool | None = None
    has_email: bool | None = None
    has_mobile: bool | None = None
    invited_after: str = ""
    invited_before: str = ""
    link_ends_within: int | None = None
    guardians_of_selected: bool | None = None
    email_refusals: tuple[str, ...] = ()
    sms_refusals: tuple[str, ...] = ()
    came_to: Literal["", "created", "invited", "delivered", "verified", "signed_in"] = ""
    failures: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    verified_after: str = ""
    verified_before: str = ""
    signed_in_after: str = ""
    signed_in_before: str = ""
    selected: bool | None = None
    of_check: Literal["", "yes"] = ""


@dataclass(frozen=True, slots=True)
class StatusFilter(_Stored):
    """Whose numbers *Account status* shows. `user_type`: one of UserType, or "all" of them."""

    user_type: str = "student"
    period_id: int | None = None
    grades: tuple[str, ...] = ()
    section_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Page:
    """A part of a list: `number` counts from 1, `sort` is one of the list's own names for its orders.

    `total`: how many rows the list has, where that was counted a moment ago. Its last pages are then read from its end.
    """

    number: int = 1
    sort: str = "name"
    descending: bool = False
    size: int = PAGE_SIZE
    total: int | None = None

    @property
    def offset(self) -> int:
        return (min(max(self.number, 1), _LARGEST_KEY // self.size) - 1) * self.size


@dataclass(frozen=True)
class Found:
    """The ids of a page in its order. `total`: how many rows the list has, where that came along."""

    ids: Sequence[int]
    total: int | None = None


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Read once: Python evaluates them anew each time."""
    return get_type_hints(kind)


def _no(value: object) -> object:
    """What stands for *not asked* among values of this type. False is an answer."""
    return None if value is None or isinstance(value, bool | int) else type(value)()


def _usable(value: Any) -> Any:
    """The value without letters that are none and numbers that no key can be; among several, without empty words."""
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, tuple):
        return value if all(map(_is_usable, value)) else tuple(filter(_is_usable, value))
    return value if _is_usable(value) else None


def _is_usable(value: object) -> bool:
    if isinstance(value, str):
        return bool(value) and legible(value) == value
    return not isinstance(value, int) or abs(value) <= _LARGEST_KEY


def _read(hint: Any, value: object) -> Any:
    if get_origin(hint) is tuple:
        kind = get_args(hint)[0]
        if not isinstance(value, list | tuple):
            return None
        return tuple(item for item in value if isinstance(item, kind) and not isinstance(item, bool))
    if get_origin(hint) is Literal:
        return value if value in get_args(hint) else None
    allowed = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return value if type(value) in allowed else None  # True is no number


@dataclass(frozen=True, slots=True)
class AuditFilter(_Stored):
    """Which entries of the audit. `since` and `until` are days, both included, in the school's zone.

    `account_id`: who did it. `person_id`: to whom, as themselves or as the owner of an account. `kinds` are of
    audit_words.Kind, `actions` the codes of single actions.
    """

    text: str = ""
    account_id: int | None = None
    person_id: int | None = None
    campaign_id: int | None = None
    kinds: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class DisclosureFilter(_Stored):
    """Whose data, between which days of the school: these people, those of some classes, those selected in a list."""

    person_ids: tuple[int, ...] = ()
    section_ids: tuple[int, ...] = ()
    selected: bool | None = None
    since: str = ""
    until: str = ""
