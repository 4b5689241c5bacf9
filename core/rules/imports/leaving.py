"""Who leaves with an import, and how many are too many: half a file must not empty a school."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.models import EnrolmentKind, PersonKind, PersonStatus
from core.rules.imports.intake import PersonKey
from core.rules.imports.plan import Plan
from core.rules.imports.world import Row, World

PERCENT = (1, 100)
ALWAYS = 5  # in a small school one in ten is nobody
UNDO_DAYS = 7
_KINDS = {PersonKind.STUDENT.value: "students", PersonKind.STAFF.value: "staff", PersonKind.GUARDIAN.value: "guardians"}


@dataclass(frozen=True)
class Leavers:
    """Whom the files would have marked as left, and whom of those nothing happens to: no file takes the school from
    who administers it. `why_not` says why that is too many, empty when it is not.
    """

    rows: tuple[Row, ...]
    spared: tuple[Row, ...]
    why_not: str

    def __len__(self) -> int:
        return len(self.rows)


def of(plan: Plan, world: World, *, percent: int, only_said: bool = False) -> Leavers:
    """Those of whom the files say so; and, unless `only_said`, students and teachers whom a whole set does not have.

    Staff who never taught a class of an earlier file are not expected in one: no file knows the office.
    """
    teach = {person for (_section, person), row in world.enrolments.items() if row["kind"] == EnrolmentKind.TEACHER}
    found = [
        row
        for row in plan.missing
        if _key(row) in plan.said_left or (not only_said and (row["kind"] == PersonKind.STUDENT or _key(row) in teach))
    ]
    rows = tuple(row for row in found if row["id"] not in world.administer)
    spared = tuple(row for row in found if row["id"] in world.administer)
    return Leavers(rows, spared, _why_not(rows, world, percent))


def _key(row: Row) -> PersonKey:
    return row["kind"], row["source_id"]


def _why_not(rows: Sequence[Row], world: World, percent: int) -> str:
    leave = Counter(row["kind"] for row in rows)
    there = Counter(row["kind"] for row in world.people.values() if row["status"] != PersonStatus.LEFT)
    much = [
        f"{number:,} of {there[kind]:,} {_KINDS[kind]}"
        for kind, number in sorted(leave.items(), reverse=True)
        if number > max(ALWAYS, there[kind] * percent / 100)
    ]
    if not much:
        return ""
    return (
        f"By this file {' and '.join(much)} would have left. That is more than the {percent} % that Settings allow at "
        "once, so it marks nobody."
    )
