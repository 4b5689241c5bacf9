"""How classes go up with a year: 7B becomes 8B, the last grade leaves; a proposal that somebody looks over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from core.errors import InputProblem
from core.rules import typed
from core.rules.search_text import sort_key

AT_MOST = 10_000  # classes


class RolesFollow(StrEnum):
    """Where roles for single classes go: to the class of the same name, or up with the students; or stay behind."""

    TITLE = "title"
    STUDENTS = "students"
    STAY = "stay"


@dataclass(frozen=True)
class Class:
    """A class of the year that ends, with how many of its students count."""

    section_id: int
    title: str
    grade: str
    school: str
    students: int


@dataclass(frozen=True)
class Step:
    """What becomes of a class: its students go into the class `title` of `grade`, or leave."""

    section_id: int
    title: str = ""
    grade: str = ""
    leaves: bool = False


def a_year_later(day: date) -> date:
    """The same day of the next year; the last of February after a 29th."""
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def propose(classes: Sequence[Class]) -> list[Step]:
    """One step a class. Grades are numbers, or whatever the school has in the order in which it sorts."""
    grades = sorted({one.grade for one in classes if one.grade}, key=sort_key)
    return [_step(one, grades) for one in classes]


def checked(steps: Sequence[Step], classes: Sequence[Class]) -> tuple[Step, ...]:
    """The steps as they are carried out; refuses one without a class to go to, and classes of another year."""
    known = {one.section_id: one for one in classes}
    if {step.section_id for step in steps} != set(known) or len(steps) != len(known) or len(steps) > AT_MOST:
        raise InputProblem("The classes of the current year have changed. Look at the table again.", field="steps")
    return tuple(_checked(step, known[step.section_id]) for step in steps)


def _checked(step: Step, of: Class) -> Step:
    if step.leaves:
        return Step(step.section_id, leaves=True)
    title = typed.name(step.title, "steps", "The next class", needed=False)
    if not title:
        raise InputProblem(f"Where does {of.title} go? Type the next class, or tick Leaves.", field="steps")
    return Step(step.section_id, title, typed.name(step.grade, "steps", "The next grade", needed=False))


def _step(one: Class, grades: Sequence[str]) -> Step:
    grade = _next(one.grade, grades)
    if one.grade and not grade:
        return Step(one.section_id, leaves=True)
    return Step(one.section_id, _title(one.title, one.grade, grade), grade)


def _next(grade: str, grades: Sequence[str]) -> str:
    """The grade above; empty above the last one."""
    if not grade or grade == grades[-1]:
        return ""
    if grade.isascii() and grade.isdecimal():
        return str(int(grade) + 1)
    return grades[grades.index(grade) + 1]


def _title(title: str, grade: str, following: str) -> str:
    """The grade in the name replaced; a name without one goes up as it is."""
    return title.replace(grade, following, 1) if grade and grade in title else title
