"""What somebody looks for in a list, and which page of it: plain values that can be stored and compared."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

PAGE_SIZE = 50


@dataclass(frozen=True)
class _Stored:
    """Filters are kept as JSON that names only what was asked for."""

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
        hints = get_type_hints(cls)
        known = {name: _read(hints[name], stored[name]) for name in hints if name in stored}
        return cls(**{name: value for name, value in known.items() if value is not None})


@dataclass(frozen=True)
class StudentFilter(_Stored):
    """Which students. Empty means any; `in_period`: has a class in the current academic period."""

    text: str = ""
    section_ids: tuple[int, ...] = ()
    grades: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    in_period: bool | None = None
    invitable: bool | None = None


@dataclass(frozen=True)
class AccountFilter(_Stored):
    """Which accounts. `section_ids`: of students of these classes and of their guardians."""

    text: str = ""
    user_types: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    section_ids: tuple[int, ...] = ()
    roles: tuple[str, ...] = ()
    active: bool | None = None
    verified: bool | None = None
    login: Literal["", "has", "never"] = ""


@dataclass(frozen=True)
class Page:
    """A part of a list: `number` counts from 1, `sort` is one of the list's own names for its orders."""

    number: int = 1
    sort: str = "name"
    descending: bool = False
    size: int = PAGE_SIZE

    @property
    def offset(self) -> int:
        return (max(self.number, 1) - 1) * self.size


def _no(value: object) -> object:
    """What stands for *not asked* among values of this type. False is an answer."""
    return None if isinstance(value, bool) else type(value)() if value is not None else None


def _read(hint: Any, value: object) -> Any:
    if get_origin(hint) is tuple:
        kind = get_args(hint)[0]
        if not isinstance(value, list | tuple):
            return None
        return tuple(item for item in value if isinstance(item, kind) and not isinstance(item, bool))
    if get_origin(hint) is Literal:
        return value if value in get_args(hint) else None
    allowed = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return value if isinstance(value, allowed) else None
