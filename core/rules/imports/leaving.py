"""Who leaves with an import, and how many are too many: half a file must not empty a school."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.models import EnrolmentKind, PersonKind, PersonStatus
from core.rules.imports.intake import PersonKey
from core.rules.imports.plan import Plan
from core.rules.imports.world import Row, World

PERCENT = (1, 100)
ALWAYS = 5  # in a small school one in ten is nobody
UNDO_DAYS = 7
_TOLD = 3  # schools that a sentence names
_KINDS = {PersonKind.STUDENT.value: "students", PersonKind.STAFF.value: "staff", PersonKind.GUARDIAN.value: "guardians"}
_ORDER = tuple(_KINDS)
Group = tuple[int, str]  # the place of a kind of people in _ORDER; a school, or "" for all


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
    """Counted in all and in each school: an export that lacks one of fifty is small among all, and empties that one."""
    schools = _schools(world)
    leave = Counter(group for row in rows for group in _groups(row, schools))
    present = (row for row in world.people.values() if row["status"] != PersonStatus.LEFT)
    there = Counter(group for row in present for group in _groups(row, schools))
    much = {group for group, number in leave.items() if number > max(ALWAYS, there[group] * percent / 100)}
    told = sorted(group for group in much if group[1] == "" or (group[0], "") not in much)
    if not told:
        return ""
    said = [f"{leave[group]:,} of {there[group]:,} {_named(group)}" for group in told[:_TOLD]]
    said += [f"too many of {len(told) - _TOLD:,} more schools"] if len(told) > _TOLD else []
    return (
        f"By this file {' and '.join(said)} would have left. That is more than the {percent} % that Settings allow at "
        "once, so it marks nobody."
    )


def _schools(world: World) -> dict[PersonKey, set[str]]:
    """In which schools of the current period somebody learns or teaches, where its classes say one."""
    found: dict[PersonKey, set[str]] = defaultdict(set)
    for (section, person), _row in world.enrolments.items():
        if section[0] == world.current_period and (name := world.sections[section]["school"]):
            found[person].add(name)
    return found


def _groups(row: Row, schools: dict[PersonKey, set[str]]) -> Iterator[Group]:
    kind = _ORDER.index(row["kind"])
    yield kind, ""
    yield from ((kind, name) for name in schools.get(_key(row), ()))


def _named(group: Group) -> str:
    kind, name = _KINDS[_ORDER[group[0]]], group[1]
    return f"{kind} of {name}" if name else kind
