"""Which grades and classes belong to whom: people's own, and those of the students for whom they answer today."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Enrolment, EnrolmentKind, Guardianship, Person, PersonKind
from core.permissions import Actor
from core.tables import packed, scope
from core.tables.packed import Numbers, Read, Rows
from core.tables.places import Places

_ENROLLED = {"person": 31, "section": 31}


@dataclass(frozen=True)
class Pairs:
    """Places of people in their columns, each with a grade or class of theirs; no pair stands twice."""

    people: Numbers
    values: Numbers

    def of(self, wanted: Collection[int], size: int) -> Any:
        """For each of `size` people whether one of the values is theirs."""
        return _among(self.people[np.isin(self.values, list(wanted))], size)

    def anything(self, size: int) -> Any:
        """For each of `size` people whether any value is theirs."""
        return _among(self.people, size)

    def again(self, some: Pairs, where: Numbers, size: int) -> Pairs:
        """With those of `some` in place of theirs: these stand at the places `where` of now `size` people."""
        places = where[some.people]
        mine = _among(where, size)[self.people]
        before, now = _pair(self.people[mine], self.values[mine]), _pair(places, some.values)
        if np.array_equal(np.sort(before), np.sort(now)):
            return self
        people, values = self.people[~mine], self.values[~mine]
        return Pairs(np.concatenate((people, places)), np.concatenate((values, some.values)))


@dataclass(frozen=True)
class Ties:
    """`classes` are those that the lists find by Class; by year they find others by where they are listed, too."""

    grades: Pairs
    classes: Pairs
    others: Pairs

    def again(self, some: Ties, where: Numbers, size: int) -> Ties:
        """With those of `some` people in place of theirs."""
        kinds = ((self.grades, some.grades), (self.classes, some.classes), (self.others, some.others))
        return Ties(*(mine.again(now, where, size) for mine, now in kinds))


def reads(actor: Actor, *, grades: tuple[str, ...], with_wards: bool) -> list[Read[Rows]]:
    """What is to be read of them; `with_wards` for accounts, which are found by those of their students."""
    enrolled = _read(_enrolments(actor), **_ENROLLED)
    return [_read(_wards(actor, grades), **_ward(grades)), enrolled] if with_wards else [enrolled]


def some(
    db: Session, actor: Actor, columns: Rows, *, grades: tuple[str, ...], with_wards: bool, ids: Sequence[int]
) -> Ties:
    """Those of these persons, who stand in the `columns`."""
    wards, persons = list[Rows](), list(ids)
    if with_wards:
        of_guardian = _wards(actor, grades, is_few=True)
        wards.append(_sliced(db, of_guardian, Guardianship.guardian_id, ids, **_ward(grades)))
        persons = sorted({*ids, *wards[0]["ward"].tolist()})
    return of(columns, *wards, _sliced(db, _enrolments(actor, is_few=True), Enrolment.person_id, persons, **_ENROLLED))


def _ward(grades: tuple[str, ...]) -> dict[str, int]:
    return {"guardian": 31, "grade": max(1, len(grades).bit_length()), "ward": 31, "section": 31, "student": 1}


def _sliced(db: Session, rows: sa.Select[Any], key: Any, ids: Sequence[int], **bits: int) -> Rows:
    parts = [packed.read(db, rows.where(col(key).in_(part)), **bits) for part in database.slices(ids)]
    return {name: np.concatenate([part[name] for part in parts]) for name in bits}


def _read(rows: sa.Select[Any], **bits: int) -> Read[Rows]:
    return lambda db: packed.read(db, rows, **bits)


def of(columns: Rows, *found: Rows) -> Ties:
    """What the `reads` found, of the people in the `columns` of status_people."""
    *wards, enrolled = found
    own, places = np.arange(len(columns["person"])), Places(columns["person"])
    at, kept = places.of(enrolled["person"])
    of_grade = [(own, columns["grade"] * columns["student"])]
    joined = [(at, enrolled["section"][kept])]
    listed = [(own, columns["section"], columns["student"])]
    for ward in wards:
        guardians, of_ward = _of_guardians(ward, Places(columns["person"], columns["step"] > 0))
        of_grade.append((guardians, of_ward["grade"] * of_ward["student"]))
        joined.append(_joined(guardians, of_ward["ward"], enrolled))
        listed.append((guardians, of_ward["section"], of_ward["student"]))
    students = [(people[student > 0], sections[student > 0]) for people, sections, student in listed]
    others = [(people[student == 0], sections[student == 0]) for people, sections, student in listed]
    return Ties(_pairs(of_grade), _pairs([*joined, *students]), _pairs(others))


def _of_guardians(wards: Rows, places: Places) -> tuple[Numbers, Rows]:
    """The places of those who answer for students, and these students."""
    at, kept = places.of(wards["guardian"])
    return at, {name: column[kept] for name, column in wards.items()}


def _joined(at: Numbers, wards: Numbers, enrolled: Rows) -> tuple[Numbers, Numbers]:
    """The classes in which the students are enrolled."""
    order = np.argsort(enrolled["person"], kind="stable")
    persons, sections = enrolled["person"][order], enrolled["section"][order]
    first = np.searchsorted(persons, wards, side="left")
    many = np.searchsorted(persons, wards, side="right") - first
    starts = np.repeat(first - np.concatenate(([0], np.cumsum(many)[:-1])), many) if len(many) else first
    return np.repeat(at, many), sections[starts + np.arange(int(many.sum()))]


def _enrolments(actor: Actor, *, is_few: bool = False) -> sa.Select[Any]:
    """Of a few it is asked only who stands in the columns, or is a ward that the actor may see."""
    columns: tuple[Any, ...] = (col(Enrolment.person_id).label("person"), col(Enrolment.section_id).label("section"))
    query: sa.Select[Any] = sa.select(*columns)
    query = query.where(col(Enrolment.kind) == EnrolmentKind.LEARNER)
    if actor.scope.everybody or is_few:
        return query
    return query.join(Person, col(Person.id) == col(Enrolment.person_id)).where(scope.people(actor))


def _wards(actor: Actor, grades: tuple[str, ...], *, is_few: bool = False) -> sa.Select[Any]:
    query: sa.Select[Any] = sa.select(
        col(Guardianship.guardian_id).label("guardian"),
        col(Person.id).label("ward"),
        packed.number_of(col(Person.grade), grades).label("grade"),
        sa.func.coalesce(col(Person.section_id), 0).label("section"),
        sa.case((col(Person.kind) == PersonKind.STUDENT, 1), else_=0).label("student"),
    ).join(Person, col(Person.id) == col(Guardianship.student_id))
    if actor.scope.everybody and not is_few:
        query = query.with_hint(Person, "INDEXED BY person_for_status", "sqlite")
    return query.where(scope.holds_today(), scope.wards(actor))


def _among(places: Numbers, size: int) -> Any:
    hit = np.zeros(size, bool)
    hit[places] = True
    return hit


def _pair(people: Numbers, values: Numbers) -> Numbers:
    return (people << 31) | values


def _pairs(parts: list[tuple[Numbers, Numbers]]) -> Pairs:
    people = np.concatenate([one for one, _other in parts])
    values = np.concatenate([other for _one, other in parts])
    some = values > 0
    together = np.sort(_pair(people[some], values[some]), kind="stable")
    together = together[np.diff(together, prepend=-1) > 0]  # np.unique takes 20 times as long for whole numbers
    return Pairs(together >> 31, together & ((1 << 31) - 1))
