"""What goes onto paper, or into a spreadsheet: plain facts, light to import, for the process that draws."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.rules.exports import Cell, FileFormat
from core.rules.report_parameters import CredentialParameters


@dataclass(frozen=True)
class Letterhead:
    """What stands on every page. `scope` says in words who is in the document; `created` is aware, shown in `zone`.

    `logo` is a PNG or JPEG; `cjk_font` the path of a font for characters that ours has not.
    """

    school: str
    title: str
    period: str
    scope: str
    printed_by: str
    created: datetime
    zone: str
    language: str = "en"
    logo: bytes = field(default=b"", repr=False)
    cjk_font: str = ""


# Student code, last name, first name, username, sign-in method, invitation e-mail, mobile, active (0 or 1), verified
# (0 or 1), invited at, last login (both "2026-11-23 09:00" in UTC, or None), account state
AccountRow = tuple[str, str, str, str, str, str, str, int, int, str | None, str | None, str]
AccountColumns = tuple[tuple[Any, ...], ...]


# Name, class, username, sign-in method, active (0 or 1), verified at, account state, delivery, times invited,
# invited at, link ends, first login, last login, number of sign-ins, password change due (0 or 1), created at;
# roles in words, e-mail address in use, failed sign-ins, locked (0 or 1), waits for Microsoft 365 since, created by
UserRow = tuple[
    *tuple[str, str, str, str, int, str | None, str, str, int],
    *tuple[str | None, str | None, str | None, str | None, int, int, str],
    *tuple[str, str, int, int, str | None, str],
]
_PART = 1000


@dataclass(frozen=True)
class ClassRows:
    """The people of one class, or of one kind. `parts` are columns, pickled: 100,000 students weigh 15 MB so, not 100.

    `under` is the entry of the outline below which its own stands.
    """

    title: str
    count: int
    parts: tuple[bytes, ...] = field(repr=False)
    under: str = ""

    @classmethod
    def of(cls, title: str, rows: Sequence[tuple[Any, ...]], *, under: str = "") -> ClassRows:
        """At once, or a thousand at a time."""
        cut = (rows[begin : begin + _PART] for begin in range(0, len(rows), _PART))
        return cls(title, len(rows), tuple(pickle.dumps(tuple(zip(*part, strict=True))) for part in cut), under)

    def first(self, most: int) -> ClassRows:
        """As many of the rows, from the beginning."""
        rows = [row for columns in self.load() for row in zip(*columns, strict=True)]
        return ClassRows.of(self.title, rows[:most], under=self.under)

    def load(self) -> Iterator[AccountColumns]:
        """What the rows say, column by column, part by part."""
        for part in self.parts:
            yield pickle.loads(part)  # noqa: S301  (made by `of`)


@dataclass(frozen=True)
class StudentAccountInfo:
    """One line per student, by class; never a password. `states` and `methods` are the words for what rows hold."""

    head: Letterhead
    classes: tuple[ClassRows, ...]
    states: Mapping[str, str]
    methods: Mapping[str, str]
    notes: tuple[str, ...] = ()
    colours: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class UserAccountInfo:
    """The technical status of accounts of any kind, by user type; never a password."""

    head: Letterhead
    groups: tuple[ClassRows, ...]
    states: Mapping[str, str]
    methods: Mapping[str, str]
    deliveries: Mapping[str, str]
    colours: Mapping[str, str]
    notes: tuple[str, ...] = ()


# Name, student code, class, kind of person, relation, students whom a guardian answers for, username, SlipSecret,
# initial password, until when it works ("2026-12-14 09:00" in UTC; without a password the link), token of a live link,
# until when that works where it is not said already, language, number of the letter
SlipRow = tuple[str, str, str, str, str, str, str, str, str, str, str, str, str, int]


@dataclass(frozen=True)
class Credentials:
    """Initial credentials to hand over, as letters, slips or a table. `link` is the address up to a link's token.

    Rows with the same number of a letter follow one another and stand on one letter. `part`: how many pages come
    before and how many there are in all, where this is a part of a longer document.
    """

    head: Letterhead
    groups: tuple[ClassRows, ...] = field(repr=False)
    portal: str
    link: str
    parameters: CredentialParameters = field(default_factory=CredentialParameters)
    part: tuple[int, int] | None = None


@dataclass(frozen=True)
class Sheet:
    """Rows for a spreadsheet. `parts` are rows, pickled: 100,000 of them weigh a fifth so.

    `marked`: a CSV begins with the mark by which Excel knows UTF-8.
    """

    file_format: FileFormat
    header: tuple[str, ...]
    parts: tuple[bytes, ...] = field(repr=False)
    marked: bool = True

    @classmethod
    def of(
        cls,
        file_format: FileFormat,
        header: Sequence[str],
        slices: Iterable[Sequence[Sequence[Cell]]],
        *,
        marked: bool = True,
    ) -> Sheet:
        """A sheet of these slices of rows."""
        return cls(file_format, tuple(header), tuple(pickle.dumps(rows) for rows in slices), marked)

    def slices(self) -> Iterator[Sequence[Sequence[Cell]]]:
        """The rows, a part at a time."""
        return map(pickle.loads, self.parts)  # from the process that made it


@dataclass(frozen=True)
class PaperChart:
    """Numbers by row and series. `kind`: stack (states in each row), bars, or lines (rows are days).

    `shares` stand behind the names of the rows; `wide` charts take the whole width.
    """

    title: str
    meaning: str
    kind: str
    rows: tuple[str, ...]
    series: tuple[str, ...]
    numbers: tuple[tuple[int, ...], ...]
    colours: tuple[str, ...]
    hatches: tuple[int, ...]
    shares: tuple[str, ...] = ()
    wide: bool = False


@dataclass(frozen=True)
class StatusReport:
    """Account status on paper. `headlines`: a number, what it is called, what has changed."""

    head: Letterhead
    headlines: tuple[tuple[str, str, str], ...]
    charts: tuple[PaperChart, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """Pages of a report, from `first` on, to be drawn as pictures."""

    paper: Credentials
    pages: int
    first: int = 1


@dataclass(frozen=True)
class Pictures:
    """PNGs of the pages from `first` on, and how many pages there are in all."""

    pages: tuple[bytes, ...] = field(repr=False)
    of: int
    first: int = 1


@dataclass(frozen=True)
class SubjectFile:
    """Everything held about one person: sections of rows, each a list of names with their values."""

    head: Letterhead
    sections: tuple[tuple[str, tuple[tuple[tuple[str, str], ...], ...]], ...] = field(repr=False)
    notes: tuple[str, ...] = ()


Paper = StudentAccountInfo | UserAccountInfo | StatusReport | Credentials | Sheet | Preview | SubjectFile
