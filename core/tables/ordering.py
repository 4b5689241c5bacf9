"""Orders of a list, each made of parts: those who have the value first, then those without it, by name.

A part is a condition and columns that an index can follow; so an order over two tables is as quick as one over one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import InputProblem
from core.models import Account, Person, Section
from core.rules.account_state import AccountState
from core.tables import account_state
from core.tables.conditions import Given
from core.tables.filters import Page

Column = sa.SQLColumnExpression[Any]
NAME: tuple[Column, ...] = (col(Person.sort_name),)


@dataclass(frozen=True)
class Part:
    """Some rows of a list in their order. `inner`: tables in which each of these rows has a line."""

    columns: tuple[Column, ...]
    holds: tuple[sa.ColumnElement[bool], ...] = ()
    inner: frozenset[str] = frozenset()


Parts = Callable[[Given], tuple[Part, ...]]
Sorts = Mapping[str, Parts]


def by(*columns: Column) -> Parts:
    """One part: the columns as they are."""
    return lambda _given: (Part(columns),)


def known_first(column: Column, *, inner: str = "") -> Parts:
    """Those of whom the value is known, then the others by name."""
    tables = frozenset({inner}) if inner else frozenset()
    parts = (Part((column,), (column.is_not(None),), tables), Part(NAME, (column.is_(None),)))
    return lambda _given: parts


def by_class() -> Parts:
    """Class by class, then those without one."""
    listed = Part((col(Section.title), col(Section.id), *NAME), inner=frozenset({"section"}))
    return lambda _given: (listed, Part(NAME, (col(Person.section_id).is_(None),)))


def by_state() -> Parts:
    """State by state, in the order in which they are asked."""

    def parts(given: Given) -> tuple[Part, ...]:
        return tuple(_of_state(state, given) for state in AccountState)

    return parts


def yes_first(holds: Callable[[Given], Any]) -> Parts:
    """Those for whom it holds, then the others, each by name."""
    return lambda given: (Part(NAME, (holds(given),)), Part(NAME, (sa.not_(holds(given)),)))


def ids(db: Session, given: Given, *, sorts: Sorts, page: Page, rows: Callable[[Part], sa.Select[Any]]) -> list[int]:
    """The ids of one page. `rows` makes the query of a part, without its order."""
    if page.sort not in sorts:
        raise InputProblem("The list cannot be sorted by this column. Choose another one.")
    parts, found, offset = sorts[page.sort](given), list[int](), page.offset
    for part in reversed(parts) if page.descending else parts:
        query = rows(part)
        found += db.scalars(query.order_by(*_columns(part, page)).limit(page.size - len(found)).offset(offset))
        if len(found) == page.size:
            break
        offset = 0 if found else max(0, offset - _size(db, query)) if offset else 0
    return found


def _of_state(state: AccountState, given: Given) -> Part:
    inner = frozenset[str]() if state is AccountState.NO_ACCOUNT else frozenset({"account"})
    return Part(NAME, (account_state.is_in((state,), given.now, given.policy),), inner)


def _columns(part: Part, page: Page) -> list[Any]:
    """Made unique by the person's id."""
    columns: list[Column] = [*part.columns, col(Person.id)]
    return [column.desc() for column in columns] if page.descending else columns


def _size(db: Session, query: sa.Select[Any]) -> int:
    return db.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


ALL = Part(())
ACCOUNT_COLUMNS: dict[str, Parts] = {
    "username": known_first(col(Account.username_key), inner="account"),
    "invited_at": known_first(col(Account.invited_at), inner="account"),
    "last_sign_in_at": known_first(col(Account.last_sign_in_at), inner="account"),
}
