"""The rows an actor may see, as conditions: everybody, or the students of some sections and their guardians."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from core import clock
from core.models import Enrolment, EnrolmentKind, Guardianship, Person, PersonKind
from core.permissions import Actor
from core.tables.unindexed import Unindexed

Truth = sa.ColumnElement[bool]
_Listed, _Ward = aliased(Person), aliased(Person)  # made anew for each question they cost 1 ms of it


def people(actor: Actor) -> Truth:
    """Holds for the persons whom `actor` may see."""
    if actor.scope.everybody:
        return sa.true()
    return _in_sections(students_of(actor.scope.section_ids)) if actor.scope.section_ids else sa.false()


def each(actor: Actor) -> Truth:
    """Holds for the same persons, asked one by one: for a walk that ends with its page.

    `people` puts all of the scope together first, which takes 40 ms for 10,000 students.
    """
    if actor.scope.everybody:
        return sa.true()
    wanted = sorted(actor.scope.section_ids)
    answers = sa.select(col(Guardianship.id)).join(_Ward, col(_Ward.id) == col(Guardianship.student_id))
    answers = answers.where(col(Guardianship.guardian_id) == col(Person.id), holds_today(), _is_in(_Ward, wanted))
    return sa.or_(_is_in(Person, wanted), answers.exists()) if wanted else sa.false()


def found(actor: Actor) -> sa.CompoundSelect[Any]:
    """The ids of the same persons one after the other, some of them twice: a cap need not wait for all of them."""
    wanted = tuple(sorted(actor.scope.section_ids))
    answers = sa.select(col(Guardianship.guardian_id)).join(_Ward, col(_Ward.id) == col(Guardianship.student_id))
    return sa.union_all(*_listed_or_enrolled(wanted), answers.where(holds_today(), _is_in(_Ward, wanted)))


def _is_in(person: type[Person], wanted: Sequence[int]) -> Truth:
    """Whether a student is listed or enrolled in one of the sections."""
    listed = sa.and_(col(person.kind) == PersonKind.STUDENT, sa.func.coalesce(col(person.section_id), 0).in_(wanted))
    enrolled = sa.select(col(Enrolment.id)).where(
        col(Enrolment.person_id) == col(person.id),
        col(Enrolment.kind) == EnrolmentKind.LEARNER,
        Unindexed(col(Enrolment.section_id)).in_(wanted),  # a person has few enrolments, a section many
    )
    return sa.or_(listed, enrolled.exists())


def in_sections(actor: Actor, section_ids: Collection[int]) -> Truth:
    """Holds for students listed or enrolled in the sections, and for those who answer for them today.

    A guardian is among them for no student whom `actor` may not see: the answer would tell of that student.
    """
    students = students_of(section_ids)
    if actor.scope.everybody:
        return _in_sections(students)
    mine = students_of(actor.scope.section_ids).subquery()
    asked = students.subquery()
    return _in_sections(sa.select(asked.c.id).where(asked.c.id.in_(sa.select(mine.c.id))))


def wards(actor: Actor, student: type[Person] = Person) -> Truth:
    """Holds for students whom `actor` may see; asked of those for whom somebody answers."""
    if actor.scope.everybody:
        return sa.true()
    return col(student.id).in_(students_of(actor.scope.section_ids))


def is_or_answers_for(actor: Actor, holds: Callable[[type[Person]], Truth]) -> Truth:
    """Holds for whom it holds, and for those who answer today for such a student; asked person by person.

    Students whom `actor` may not see make no difference.
    """
    answers = sa.select(col(Guardianship.id)).join(_Ward, col(_Ward.id) == col(Guardianship.student_id))
    answers = answers.where(col(Guardianship.guardian_id) == col(Person.id), holds_today(), holds(_Ward))
    return sa.or_(holds(Person), answers.where(wards(actor, _Ward)).exists())


def _in_sections(students: sa.Select[Any] | sa.CompoundSelect[Any]) -> Truth:
    """One IN over a union: with OR between two, SQLite walks everybody."""
    return col(Person.id).in_(sa.select(students.subquery().c.id).union(guardians_of(students)))


def students_of(section_ids: Collection[int]) -> sa.CompoundSelect[Any]:
    """The ids of students listed or enrolled in the sections."""
    return sa.union(*_listed_or_enrolled(tuple(sorted(section_ids))))


@lru_cache(maxsize=1_000)
def _listed_or_enrolled(wanted: tuple[int, ...]) -> tuple[sa.Select[Any], sa.Select[Any]]:
    of_class = sa.and_(col(_Listed.kind) == PersonKind.STUDENT, col(_Listed.section_id).in_(wanted))
    enrolled = sa.and_(col(Enrolment.section_id).in_(wanted), col(Enrolment.kind) == EnrolmentKind.LEARNER)
    return sa.select(col(_Listed.id)).where(of_class), sa.select(col(Enrolment.person_id)).where(enrolled)


def holds_today(link: type[Guardianship] = Guardianship) -> Truth:
    """Holds for guardianships that are in force today (R62)."""
    today = clock.today()
    return sa.and_(
        sa.or_(col(link.starts_on).is_(None), col(link.starts_on) <= today),
        sa.or_(col(link.ends_on).is_(None), col(link.ends_on) >= today),
    )


def guardians_of(students: sa.Select[Any] | sa.CompoundSelect[Any]) -> sa.Select[Any]:
    """The ids of those who answer for these students today."""
    query = sa.select(col(Guardianship.guardian_id))
    return query.where(col(Guardianship.student_id).in_(students), holds_today())
