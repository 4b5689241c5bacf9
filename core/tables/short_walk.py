"""A walk that gives up after some thousand rows: what is common is found sooner than what is rare can be put in order.

Nobody knows beforehand how those who match stand in an order: of 20,000 who have no account all may stand at its end.
SQLite counts the steps of a statement, PostgreSQL its time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlmodel import Session

from core.measures import MAY_GIVE_UP
from core.tables.search import is_sqlite

STEPS = 100_000  # of SQLite: one to five thousand rows
MILLISECONDS, QUERY_CANCELED = 25, "57014"  # of PostgreSQL


class TooLong(Exception):
    """The walk has not come to its end; nothing else has happened."""


@contextmanager
def short(db: Session) -> Iterator[None]:
    """Each statement of the block ends soon. Raises TooLong when one has not come to its end."""
    connection = db.connection()
    connection.info[MAY_GIVE_UP] = True
    try:
        with _counted(connection) if is_sqlite(db) else _timed(connection):
            yield
    except sa.exc.OperationalError as error:
        if _gave_up(error.orig):
            raise TooLong from None
        raise
    finally:
        connection.info.pop(MAY_GIVE_UP, None)


@contextmanager
def _counted(connection: sa.Connection) -> Iterator[None]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101  (is_sqlite has said so)
    driver.set_progress_handler(lambda: 1, STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def _timed(connection: sa.Connection) -> Iterator[None]:
    """Within a savepoint that is taken back, its limit with it: after an error PostgreSQL takes nothing else."""
    savepoint = connection.begin_nested()
    try:
        connection.execute(sa.select(sa.func.set_config("statement_timeout", str(MILLISECONDS), sa.true())))
        yield
    finally:
        savepoint.rollback()


def _gave_up(error: BaseException | None) -> bool:
    interrupted = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return interrupted or getattr(error, "sqlstate", None) == QUERY_CANCELED
