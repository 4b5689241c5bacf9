"""What goes onto paper: plain facts, light to import, ready to be sent to the process that draws."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Letterhead:
    """What stands on every page. `scope` says in words who is in the document; `created` is aware, shown in `zone`."""

    school: str
    title: str
    period: str
    scope: str
    printed_by: str
    created: datetime
    zone: str
    language: str = "en"


# Student code, last name, first name, username, sign-in method, invitation e-mail, mobile, active (0 or 1), verified
# (0 or 1), invited at, last login (both "2026-11-23 09:00" in UTC, or None), account state
AccountRow = tuple[str, str, str, str, str, str, str, int, int, str | None, str | None, str]
AccountColumns = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class ClassRows:
    """The students of one class. `columns` are pickled: 100,000 students weigh 15 MB so, not 100."""

    title: str
    count: int
    columns: bytes = field(repr=False)

    @classmethod
    def of(cls, title: str, rows: Sequence[tuple[Any, ...]]) -> ClassRows:
        return cls(title, len(rows), pickle.dumps(tuple(zip(*rows, strict=True))))

    def load(self) -> AccountColumns:
        """What AccountRow (or SlipRow) says, column by column."""
        columns: AccountColumns = pickle.loads(self.columns)  # noqa: S301  (made by `of`)
        return columns


@dataclass(frozen=True)
class StudentAccountInfo:
    """One line per student, by class; never a password. `states` and `methods` are the words for what rows hold."""

    head: Letterhead
    classes: tuple[ClassRows, ...]
    states: Mapping[str, str]
    methods: Mapping[str, str]
    notes: tuple[str, ...] = ()


# Name, student code, class, kind of person, relation, students whom a guardian answers for, username, SlipSecret,
# initial password, works until ("2026-12-14 09:00" in UTC), token of a live link, language
SlipRow = tuple[str, str, str, str, str, str, str, str, str, str, str, str]


@dataclass(frozen=True)
class Slips:
    """Initial credentials to cut out and hand over, by class. `link` is the address up to a link's token."""

    head: Letterhead
    classes: tuple[ClassRows, ...] = field(repr=False)
    portal: str
    link: str
    per_page: int = 8


Paper = StudentAccountInfo | Slips
