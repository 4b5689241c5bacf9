"""A walk that gives up after some thousand rows: what is common is found sooner than what is rare can be put in order.

Nobody knows beforehand how those who match stand in an order: of 20,000 who have no account all may stand at its end.
SQLite counts the steps of a statement, PostgreSQL its time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import sqlalchemy as sa
from sqlmodel import Session

from core.measures import MAY_GIVE_UP, gave_up
from core.tables.search import is_sqlite

STEPS, _TICKS = 100_000, 4  # of SQLite, for all statements of the walk: one to five thousand rows
MILLISECONDS = 25  # of PostgreSQL, for each statement


class TooLong(Exception):
    """The walk has not come to its end; nothing else has happened."""


@contextmanager
def short(db: Session) -> Iterator[None]:
    """The statements of the block end soon. Raises TooLong when they have not come to their end."""
    connection = db.connection()
    notes = connection.info  # of a connection that was lost meanwhile it could not be asked any more
    notes[MAY_GIVE_UP] = True
    try:
        with _counted(connection) if is_sqlite(db) else _timed(connection):
            yield
    except sa.exc.OperationalError as error:
        if gave_up(error.orig):
            raise TooLong from None
        raise
    finally:
        notes.pop(MAY_GIVE_UP, None)


@contextmanager
def _counted(connection: sa.Connection) -> Iterator[None]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101  (is_sqlite has said so)
    ticks = count(1)  # a kept statement goes on counting where it stood, so the first tick may come at any moment
    driver.set_progress_handler(lambda: next(ticks) > _TICKS, max(1, STEPS // _TICKS))
    try:
        yield
    finally:
        if not connection.invalidated:
            driver.set_progress_handler(None, 0)


@contextmanager
def _timed(connection: sa.Connection) -> Iterator[None]:
    """Within a savepoint that is taken back, its limit with it: after an error PostgreSQL takes nothing else."""
    savepoint = connection.begin_nested()
    try:
        connection.execute(sa.select(sa.func.set_config("statement_timeout", str(MILLISECONDS), sa.true())))
        yield
    finally:
        if not connection.invalidated:
            savepoint.rollback()
