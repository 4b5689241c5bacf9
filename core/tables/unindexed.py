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


def walked(conditions: Iterable[sa.ColumnElement[bool]]) -> list[sa.ColumnElement[bool]]:
    """The same conditions for a walk: row by row, and no column of the account is looked up but its keys."""
    table = sa.inspect(Account).local_table
    columns = {column: Unindexed(column) for column in table.columns if column.name not in ("id", "person_id")}

    def replaced(element: Any, **options: Any) -> Any:
        return columns.get(element) if isinstance(element, sa.Column) else one_by_one.instead(element, **options)

    return [visitors.replacement_traverse(condition, {}, replaced) for condition in conditions]
