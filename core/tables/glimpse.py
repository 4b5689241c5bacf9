"""A page from the first rows of its order, before thousands of rows that an index found are put in order for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Person
from core.tables import at_once, narrowing, ordering, planner
from core.tables.filters import Page
from core.tables.narrowing import Few
from core.tables.ordering import Part, Rows

ROWS, MANY = 1_500, 300  # so few are put in order all the same, with those ahead of the page
_OF_A_LIST = 4  # a quarter of all people at least is in a list


def page(
    db: Session, parts: Sequence[Part], page: Page, *, rows: Rows, everybody: Rows, few: Few
) -> Sequence[int] | None:
    """Its ids, if the first rows of the order hold all of it; None when they do not, or are not likely to.

    `everybody` makes the rows where nothing is asked, `few` are the persons among whom all rows are.
    """
    part = ordering.turned(parts)[0] if page.descending else parts[0]
    if part.through not in ("kind", "people", "account") or not _is_likely(db, page, few):
        return None
    keys = ordering.keys(part)
    first = everybody(_bare(part), True).with_only_columns(col(Person.id), maintain_column_froms=True)
    first = first.order_by(*_by(keys, page)).limit(ROWS)
    # Looked up by their ids: the index of the order would lead past all the others.
    query = rows(part, True).with_hint(Person, "NOT INDEXED", "sqlite").where(col(Person.id).in_(first))
    found, *values = query.add_columns(*keys).limit(ROWS).subquery().c
    on_page = sa.select(found).order_by(*_by(values, page)).limit(page.size).offset(page.offset)
    with planner.walking(db):
        ids = [row[0] for row in at_once.read(db, on_page)]
    return ids if len(ids) == page.size else None


def _bare(part: Part) -> Part:
    """An order by name is walked past everybody: to ask each of them what the part asks has no end where few say yes.

    What other parts ask is where their index begins.
    """
    return replace(part, holds=(), has_account=False) if part.columns == ordering.NAME else part


def _by(keys: Sequence[ordering.Column], page: Page) -> Sequence[ordering.Column]:
    return [key.desc() for key in keys] if page.descending else keys


def _is_likely(db: Session, page: Page, few: Few) -> bool:
    """Whether so many rows hold the page, were the few spread evenly among the people."""
    return few.number > MANY and few.number * ROWS * _OF_A_LIST > (page.offset + page.size) * narrowing.people_at_most(
        db
    )
