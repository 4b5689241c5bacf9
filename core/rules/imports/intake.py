"""What was read from a set of files, in Firstkey's own terms."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from core.errors import RowProblem, Severity

PersonKey = tuple[str, str]  # kind, source id
SectionKey = tuple[str, str]  # source id of the period ("": the current one), source id
NO_PERIOD = ""


class Format(StrEnum):
    """The kinds of files that are understood."""

    LIST = "list"
    SDS_V2_1 = "sds_v2_1"
    SDS_V2 = "sds_v2"
    SDS_V1 = "sds_v1"
    SDS_V1_UK = "sds_v1_uk"
    ONEROSTER = "oneroster"


FORMAT_WORDS = {
    Format.LIST: "A list of students",
    Format.SDS_V2_1: "Microsoft School Data Sync, version 2.1",
    Format.SDS_V2: "Microsoft School Data Sync, version 2",
    Format.SDS_V1: "Microsoft School Data Sync, version 1",
    Format.SDS_V1_UK: "Microsoft School Data Sync, version 1, United Kingdom",
    Format.ONEROSTER: "OneRoster",
}


@dataclass(frozen=True)
class ColumnFacts:
    """What became of a column: the field it fills, or why it is left out; and its first value as a sample."""

    header: str
    meaning: str
    reason: str
    sample: str


@dataclass(frozen=True)
class FileFacts:
    """What was recognised in one file."""

    name: str
    encoding: str
    delimiter: str
    rows: int
    columns: tuple[ColumnFacts, ...]


@dataclass(slots=True)
class PersonRow:
    """What a file says about one person; a field that is not in `fields` stays as it is."""

    kind: str
    source_id: str
    fields: dict[str, Any]
    file: str
    row: int


@dataclass(frozen=True)
class GuardianRow:
    """A guardian named in a student's row, without a code of their own."""

    student: PersonRow
    name: str
    email: str
    mobile: str
    relation: str


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """Who is in which class, by the ids of the files; `over` where the row says that it has ended."""

    where: tuple[str, int]
    section: str
    person: PersonKey
    over: bool
    begins: date | None = None
    ends: date | None = None

    def is_past(self, today: date) -> bool:
        """Whether it has ended; the last day still counts."""
        return self.over or (self.ends is not None and self.ends < today)

    def is_to_come(self, today: date) -> bool:
        return self.begins is not None and self.begins > today


@dataclass(frozen=True, slots=True)
class RoleDays:
    """From when to when somebody has a role; both days still count."""

    where: tuple[str, int]
    begins: date | None
    ends: date | None


@dataclass(frozen=True, slots=True)
class AgentRow:
    """Two people of whom one answers for the other; which, their kinds say."""

    where: tuple[str, int]
    one: str
    other: str
    relation: str


@dataclass(frozen=True, slots=True)
class KindlessRow:
    """A person of whom a file of changes does not say what they are: Firstkey may know."""

    where: tuple[str, int]
    raw: dict[str, str]
    labels: dict[str, str]


@dataclass(frozen=True)
class SectionRow:
    """A class as the files describe it."""

    title: str
    grade: str = ""
    school: str = ""


@dataclass(frozen=True)
class PeriodRow:
    """A school year or term as the files describe it."""

    title: str
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass
class Intake:
    """Everything the files say. Filled by the reader of a format, then only read.

    `whole`: what is not in the files is no more; else they hold changes only. `present`: codes whose rows could not be
    used, so that nobody takes them for missing. `leaving`: people of whom the files say that they have left. Rows that
    name people and classes which perhaps only Firstkey knows wait in `enrolled`, `agents` and `kindless`. `terms`: the
    terms of a class, where they are parts of its year. `roles`: when people have those that make them what they are.
    `kept_out`: people whose roles do not count today, and whom nothing else in the files brings in. `numbers`: what
    the files call people beside their codes, to recognise them by.
    """

    format: Format
    files: list[FileFacts] = field(default_factory=list)
    people: dict[PersonKey, PersonRow] = field(default_factory=dict)
    guardians: list[GuardianRow] = field(default_factory=list)
    periods: dict[str, PeriodRow] = field(default_factory=dict)
    sections: dict[SectionKey, SectionRow] = field(default_factory=dict)
    enrolments: dict[tuple[SectionKey, PersonKey], str] = field(default_factory=dict)
    guardianships: dict[tuple[PersonKey, PersonKey], str] = field(default_factory=dict)
    homes: dict[PersonKey, SectionKey] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    covers: frozenset[str] = frozenset()
    told: str = ""
    whole: bool = True
    present: set[str] = field(default_factory=set)
    leaving: set[PersonKey] = field(default_factory=set)
    enrolled: list[EnrolmentRow] = field(default_factory=list)
    agents: list[AgentRow] = field(default_factory=list)
    kindless: list[KindlessRow] = field(default_factory=list)
    homerooms: set[str] = field(default_factory=set)
    terms: dict[SectionKey, list[PeriodRow]] = field(default_factory=dict)
    roles: dict[PersonKey, list[RoleDays]] = field(default_factory=dict)
    kept_out: set[PersonKey] = field(default_factory=set)
    ended: set[tuple[SectionKey, PersonKey]] = field(default_factory=set)
    numbers: dict[PersonKey, str] = field(default_factory=dict)
    said: set[tuple[str, str, str, str]] = field(default_factory=set)

    def problem(
        self, where: tuple[str, int], column: str, value: str, message: str, severity: Severity = Severity.ERROR
    ) -> None:
        """Note that a cell needs another look; `where` is the file and its row."""
        shown = value if len(value) <= 80 else value[:79] + "…"
        self.problems.append(RowProblem(where[0], where[1], column, shown, message, severity))

    def warn(self, where: tuple[str, int], column: str, value: str, message: str) -> None:
        self.problem(where, column, value, message, Severity.WARNING)

    def warn_once(self, where: tuple[str, int], column: str, value: str, message: str) -> None:
        """The first row of a file in which a cell says this; a thousand more would say nothing new."""
        if (where[0], column, value, message) not in self.said:
            self.said.add((where[0], column, value, message))
            self.warn(where, column, value, message)
