"""The relative whom a list names first beside a person: a student's guardian, or the first student of a guardian.

Joined to the rows of an order, it gives their place: the list is walked along an index of the relatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    `found`: the guardianship of the person of the row that comes first, None where there is none. `is_first`: whether
    the one that is joined is that. Where a row has a relative, to find none before costs half of what finding the first
    of all does, and PostgreSQL, which may not sort in a walk, knows what that costs: of the other it expects the worst.
    """

    person: type[Person]
    link: type[Guardianship]
    links: tuple[Truth, Truth]
    found: sa.ScalarSelect[Any]
    is_first: Truth

    def joined(self, rows: sa.Select[Any], *, index: str) -> sa.Select[Any]:
        """The rows that have one. `index`: gives their order, or SQLite would sort all of them for a page."""
        of_row, is_person = self.links
        rows = rows.join(self.link, of_row).join(self.person, is_person)
        rows = rows.where(self.is_first)
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
    return _first("student_id", "guardian_id", by=lambda link, person: (link.priority, *_name(person)))


def ward(actor: Actor) -> FirstRelative:
    """For whom a guardian answers today, the first by name of those within the actor's scope."""
    return _first(
        "guardian_id",
        "student_id",
        by=lambda _link, person: _name(person),
        of=lambda person: scope.wards(actor, person),
    )


def _name(person: type[Person]) -> tuple[Any, ...]:
    return person.sort_name, person.id


def _first(
    row: str,
    relative: str,
    *,
    by: Callable[[type[Guardianship], type[Person]], tuple[Any, ...]],
    of: Callable[[type[Person]], Truth] = lambda _person: sa.true(),
) -> FirstRelative:
    """The relative of each row that comes first `by` these columns, among those `of` whom this holds."""
    link, person, other, another = aliased(Guardianship), aliased(Person), aliased(Guardianship), aliased(Person)
    others = sa.select(col(other.id)).join(another, col(another.id) == col(getattr(other, relative)))
    others = others.where(col(getattr(other, row)) == col(Person.id), scope.holds_today(other), of(another))
    found = others.order_by(*by(other, another)).limit(1).correlate(Person).scalar_subquery()
    before = others.where(sa.tuple_(*by(other, another)) < sa.tuple_(*by(link, person)))
    before = before.correlate(Person, link, person)
    is_first = sa.and_(scope.holds_today(link), of(person), sa.not_(before.exists()))
    links = col(getattr(link, row)) == col(Person.id), col(getattr(link, relative)) == col(person.id)
    return FirstRelative(person, link, links, found, is_first)
