"""The relative whom a list names first beside a person: a student's guardian, or the first student of a guardian.

Joined to the rows of an order, it gives their place: the list is walked along an index of the relatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.models import Guardianship, Person
from core.permissions import Actor
from core.tables import scope
from core.tables.unindexed import Unindexed

Truth = sa.ColumnElement[bool]


@dataclass(frozen=True)
class FirstRelative:
    """The relative of each row and the guardianship between them, as they are joined.

    `found`: the guardianship of the person of the row that comes first, None where there is none.
    """

    person: type[Person]
    link: type[Guardianship]
    links: tuple[Truth, Truth]
    found: sa.ScalarSelect[Any]

    def joined(self, rows: sa.Select[Any], *, index: str) -> sa.Select[Any]:
        """The rows that have one. `index`: gives their order, or SQLite would sort all of them for a page."""
        of_row, is_person = self.links
        rows = rows.join(self.link, of_row).join(self.person, is_person)
        rows = rows.where(Unindexed(col(self.link.id)) == self.found)
        return rows.with_hint(self.person, f"INDEXED BY {index}", "sqlite")

    def of_each(self, asked: Sequence[Truth]) -> list[Truth]:
        """The conditions, asked of each row with its relative.

        Asked of persons alone they would have SQLite read all of them first, to know of which ids it need not ask.
        """
        return [sa.or_(Unindexed(col(self.link.id)) < 0, one) for one in asked]

    def beside(self, rows: sa.Select[Any]) -> sa.Select[Any]:
        """All rows, those that have one with it."""
        return rows.outerjoin(self.link, col(self.link.id) == self.found).outerjoin(self.person, self.links[1])

    def none_with(self, holds: Truth) -> Truth:
        """Holds for persons without a first relative of whom it holds."""
        query = sa.select(col(self.link.id)).join(self.person, self.links[1])
        return sa.not_(query.where(col(self.link.id) == self.found, holds).correlate(Person).exists())


def guardian() -> FirstRelative:
    """Who answers for a student today and is asked first."""
    link, person = aliased(Guardianship), aliased(Person)
    found = sa.select(col(link.id)).join(person, col(person.id) == col(link.guardian_id))
    mine = found.where(col(link.student_id) == col(Person.id), scope.holds_today(link))
    first = mine.order_by(col(link.priority), col(person.sort_name), col(person.id)).limit(1)
    return _joined_by(first, row="student_id", relative="guardian_id")


def ward(actor: Actor) -> FirstRelative:
    """For whom a guardian answers today, the first by name of those within the actor's scope."""
    link, person = aliased(Guardianship), aliased(Person)
    found = sa.select(col(link.id)).join(person, col(person.id) == col(link.student_id))
    mine = found.where(col(link.guardian_id) == col(Person.id), scope.holds_today(link), scope.wards(actor, person))
    first = mine.order_by(col(person.sort_name), col(person.id)).limit(1)
    return _joined_by(first, row="guardian_id", relative="student_id")


def _joined_by(first: sa.Select[Any], *, row: str, relative: str) -> FirstRelative:
    link, person = aliased(Guardianship), aliased(Person)
    of_row, is_person = col(getattr(link, row)) == col(Person.id), col(getattr(link, relative)) == col(person.id)
    return FirstRelative(person, link, (of_row, is_person), first.correlate(Person).scalar_subquery())
