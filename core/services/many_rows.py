"""Many rows into one table, straight to the driver: SQLAlchemy looks at every value for longer than storing it takes.

Thousands of rows go in one statement, for a statement of its own for each row takes either database twice as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

AT_ONCE = 30_000  # values in a statement: SQLite has room for 32,766
Row = tuple[int | str, ...]


def insert(db: Session, table: sa.Table, names: Sequence[str], rows: Iterable[Row]) -> None:
    """Store them in their order. Values of other types than these the driver would not store as SQLAlchemy does."""
    connection, left = db.connection(), iter(rows)
    given = _values if connection.dialect.name == "sqlite" else _arrays
    while part := list(islice(left, AT_ONCE // len(names))):
        source, values = given([table.c[name] for name in names], part)
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) {source}", values)


def _values(columns: Sequence[sa.Column[Any]], rows: Sequence[Row]) -> tuple[str, tuple[object, ...]]:
    row = f"({', '.join('?' * len(columns))})"
    return f"VALUES {', '.join([row] * len(rows))}", tuple(chain.from_iterable(rows))


def _arrays(columns: Sequence[sa.Column[Any]], rows: Sequence[Row]) -> tuple[str, tuple[object, ...]]:
    """PostgreSQL takes longer to read thousands of places for values than to store what is in them."""
    arrays = ", ".join(f"%s::{column.type.compile()}[]" for column in columns)
    return f"SELECT * FROM unnest({arrays})", tuple(map(list, zip(*rows, strict=True)))
