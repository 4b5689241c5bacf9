"""Carries a school from a SQLite file into PostgreSQL: every row of every table, counted afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.backup import census, sqlite_store
from core.errors import Conflict, InputProblem
from core.models import metadata

AT_ONCE, WAIT_MS = 5_000, 2_000


@contextmanager
def opened(path: Path) -> Iterator[sa.Connection]:
    """The file for us alone: refuses while any process has it open, and nobody else reads or writes until the end."""
    if sqlite_store.is_empty(path):
        raise InputProblem(f"There is no school in {path}: name the file of the SQLite database.")
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool, hide_parameters=True)
    sa.event.listen(engine, "connect", _take)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN EXCLUSIVE"))
    try:
        with engine.connect() as connection:
            connection.begin()
            yield connection
    except sa.exc.OperationalError as error:
        if "locked" not in str(error.orig):
            raise
        raise Conflict(
            f"Firstkey still runs with {path}. Stop every process of it, the workers too, and type this again. "
            "Nothing was changed."
        ) from None


def copy(source: sa.Connection, target: sa.Connection) -> census.Census:
    """All rows into empty tables of the same version; raises InputProblem when they are not all there afterwards."""
    before = census.take(source)
    for table in (table for table in metadata.sorted_tables if table.name != census.OWN_NOTES):
        _copy(table, source, target)
        for column in table.primary_key:
            _go_on_counting(column, target)
    if wrong := census.difference(before, census.take(target)):
        raise InputProblem(f"Not everything arrived: {wrong}. Nothing was changed.")
    return before


def is_empty(target: sa.Connection) -> bool:
    """Whether there is no row in any of our tables."""
    return not any(census.take(target).rows.values())


def _take(connection: Any, _record: object) -> None:
    """SQLite leaves its log only when nobody else has the file open."""
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute(f"PRAGMA busy_timeout={WAIT_MS}")
    connection.execute("PRAGMA journal_mode=DELETE")


def _copy(table: sa.Table, source: sa.Connection, target: sa.Connection) -> None:
    """What the database computes by itself is left out."""
    columns = [column for column in table.columns if column.computed is None]
    write = [column.type.dialect_impl(target.dialect).bind_processor(target.dialect) for column in columns]
    names = ", ".join(f'"{column.name}"' for column in columns)
    found = source.execution_options(yield_per=AT_ONCE).execute(sa.select(*columns))
    driver: Any = target.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as rows:
        for row in found:
            rows.write_row([each(value) if each else value for each, value in zip(write, row, strict=True)])


def _go_on_counting(column: sa.Column[Any], target: sa.Connection) -> None:
    """The next row gets the number after the highest one."""
    table = column.table.name
    name = target.scalar(sa.select(sa.func.pg_get_serial_sequence(table, column.name)))
    highest = target.scalar(sa.select(sa.func.max(column)))
    if name and highest:
        target.execute(sa.select(sa.func.setval(name, highest)))
