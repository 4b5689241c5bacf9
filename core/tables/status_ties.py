"""Which grades and classes belong to whom: people's own, and those of the students for whom they answer today."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import col

from core.models import Enrolment, EnrolmentKind, Guardianship, Person, PersonKind
from core.permissions import Actor
from core.tables import packed, scope
from core.tables.packed import Numbers, Read, Rows
from core.tables.places import Places


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


@dataclass(frozen=True)
class Ties:
    """`classes` are those that the lists find by Class; by year they find others by where they are listed, too."""

    grades: Pairs
    classes: Pairs
    others: Pairs


def reads(actor: Actor, *, grades: tuple[str, ...], with_wards: bool) -> list[Read[Rows]]:
    """What is to be read of them; `with_wards` for accounts, which are found by those of their students."""
    enrolled = _read(_enrolments(actor), person=31, section=31)
    if not with_wards:
        return [enrolled]
    width = max(1, len(grades).bit_length())
    return [_read(_wards(actor, grades), guardian=31, grade=width, ward=31, section=31, student=1), enrolled]


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


def _enrolments(actor: Actor) -> sa.Select[Any]:
    columns: tuple[Any, ...] = (col(Enrolment.person_id).label("person"), col(Enrolment.section_id).label("section"))
    query: sa.Select[Any] = sa.select(*columns)
    query = query.where(col(Enrolment.kind) == EnrolmentKind.LEARNER)
    if actor.scope.everybody:
        return query
    return query.join(Person, col(Person.id) == col(Enrolment.person_id)).where(scope.people(actor))


def _wards(actor: Actor, grades: tuple[str, ...]) -> sa.Select[Any]:
    query: sa.Select[Any] = sa.select(
        col(Guardianship.guardian_id).label("guardian"),
        col(Person.id).label("ward"),
        packed.number_of(col(Person.grade), grades).label("grade"),
        sa.func.coalesce(col(Person.section_id), 0).label("section"),
        sa.case((col(Person.kind) == PersonKind.STUDENT, 1), else_=0).label("student"),
    ).join(Person, col(Person.id) == col(Guardianship.student_id))
    if actor.scope.everybody:
        query = query.with_hint(Person, "INDEXED BY person_for_status", "sqlite")
    return query.where(scope.holds_today(), scope.wards(actor))


def _among(places: Numbers, size: int) -> Any:
    hit = np.zeros(size, bool)
    hit[places] = True
    return hit


def _pairs(parts: list[tuple[Numbers, Numbers]]) -> Pairs:
    people = np.concatenate([one for one, _other in parts])
    values = np.concatenate([other for _one, other in parts])
    some = values > 0
    together = np.sort((people[some] << 31) | values[some], kind="stable")
    together = together[np.diff(together, prepend=-1) > 0]  # np.unique takes 20 times as long for whole numbers
    return Pairs(together >> 31, together & ((1 << 31) - 1))
