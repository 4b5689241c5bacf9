"""Columns that SQLite's planner may not look up in an index, where the order of the list or a short answer is quicker.

It decides by averages: half of the accounts may be invited or three of them, it takes the same way. PostgreSQL knows
the common values of a column and needs no hint.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler

from core.models import Account
from core.tables import one_by_one


class Unindexed(sa.ColumnElement[Any]):
    """The value of a column; SQLite's unary plus says that no index is meant."""

    inherit_cache = True
    _traverse_internals = [("column", visitors.InternalTraversal.dp_clauseelement)]  # noqa: RUF012  (SQLAlchemy's own name for it)

    def __init__(self, column: Any) -> None:
        self.column = sa.inspection.inspect(column).expression if hasattr(column, "expression") else column
        self.type = self.column.type


@compiles(Unindexed)
def _as_it_is(element: Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(element.column, **options))


@compiles(Unindexed, "sqlite")
def _for_sqlite(element: Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.column, **options)}"


class Walked(sa.ColumnElement[bool]):
    """The same condition for a walk: row by row, and no column of the account is looked up but its keys.

    It is rewritten where it is put into words, once for each form of a question: for each page it took a fifth of it.
    """

    inherit_cache = True
    type = sa.Boolean()
    _traverse_internals = [("condition", visitors.InternalTraversal.dp_clauseelement)]  # noqa: RUF012  (SQLAlchemy's own name for it)

    def __init__(self, condition: sa.ColumnElement[bool]) -> None:
        self.condition = condition

    def self_group(self, against: Any = None) -> Walked:
        """As it stands: "… = 1", as SQLite's truth values are compared, would keep an index from beginning there."""
        return self


@compiles(Walked)
def _row_by_row(element: Walked, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(visitors.replacement_traverse(element.condition, {}, _walked), **options)})"


def walked(conditions: Iterable[sa.ColumnElement[bool]]) -> list[sa.ColumnElement[bool]]:
    """All of them for a walk."""
    return [Walked(condition) for condition in conditions]


def _walked(element: Any, **options: Any) -> Any:
    of_account = isinstance(element, sa.Column) and element.table.name == Account.__tablename__
    if of_account and element.name not in ("id", "person_id"):
        return Unindexed(element)
    return one_by_one.instead(element, **options)
