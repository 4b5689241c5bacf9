"""What Firstkey knows already, as far as an import compares with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.models import PersonKind, PersonStatus
from core.rules.imports.guardians import folded_name
from core.rules.imports.intake import PersonKey, SectionKey

Row = dict[str, Any]


@dataclass(frozen=True)
class World:
    """People, classes and who belongs where, by the ids of the school's own system.

    `registered`: the statuses of students that count as Registered; the first is that of one of whom files say none.
    `administer` are the numbers of people who administer the school. Of people who left with an import, and by nobody's
    hand since: `left` says what they were, and `closed` are those whose account was switched off by that.
    """

    region: str
    today: date
    registered: tuple[str, ...] = (PersonStatus.REGISTERED,)
    people: dict[PersonKey, Row] = field(default_factory=dict)
    periods: dict[str, Row] = field(default_factory=dict)
    sections: dict[SectionKey, Row] = field(default_factory=dict)
    enrolments: dict[tuple[SectionKey, PersonKey], Row] = field(default_factory=dict)
    guardianships: dict[tuple[PersonKey, PersonKey], Row] = field(default_factory=dict)
    administer: frozenset[int] = frozenset()
    left: dict[int, str] = field(default_factory=dict)
    closed: frozenset[int] = frozenset()

    def counts(self, kind: str) -> tuple[str, ...]:
        """The statuses with which somebody of this kind may have an account that works; the usual one first."""
        return self.registered if kind == PersonKind.STUDENT else (PersonStatus.ACTIVE,)

    @property
    def current_period(self) -> str:
        """The id of the current period, "" when there is none."""
        return next((source_id for source_id, row in self.periods.items() if row["is_current"]), "")

    def guardian_codes(self) -> dict[tuple[str, frozenset[str]], str]:
        """The code of each guardian by the student's code and the guardian's folded name."""
        found: dict[tuple[str, frozenset[str]], str] = {}
        for (_kind, student), guardian in self.guardianships:
            row = self.people[guardian]
            found[(student, folded_name(row["last_name"], row["first_name"]))] = guardian[1]
        return found


def school_year(today: date) -> str:
    """The school year of a day, as 2026-2027; it begins in August."""
    first = today.year if today.month >= 8 else today.year - 1
    return f"{first}-{first + 1}"
