"""PostgreSQL's indexes of trigrams for searching: made once pg_trgm is there, which may be long after the tables."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from sqlalchemy import Connection

from core import database, logs

_log = logging.getLogger(__name__)
_INDEXES = {
    f"{table}_of_{whose}": f"{table} USING gin (text gin_trgm_ops) WHERE {which}"
    for table in ("search_person", "search_account")
    for whose, which in (("students", "of_student"), ("others", "NOT of_student"))
}
_HAS_TRIGRAMS = sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")
_THERE = sa.text("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND indexname LIKE 'search\\_%'")
_NOT_LONG = sa.text("SET LOCAL lock_timeout = '3s'")
_ALONE = sa.text("SELECT pg_try_advisory_xact_lock(hashtext('firstkey search indexes'))")  # processes start together


def make() -> None:
    """Make those that are missing; nothing where the extension is missing, or on SQLite, which has its own.

    A start does not fail for it, nor do those wait who write: where it cannot be done now, `doctor` says so.
    """
    if database.is_sqlite():
        return
    try:
        for name in _INDEXES:  # each for itself: who holds both tables would wait for whoever has them the other way
            with database.engine().begin() as connection:
                if connection.scalar(_HAS_TRIGRAMS) and name in missing(connection):
                    _make(connection, name)
    except sa.exc.DBAPIError as error:
        _log.warning("search.no_indexes", extra={"error": logs.names(error)})


def _make(connection: Connection, name: str) -> None:
    connection.execute(_NOT_LONG)
    if connection.scalar(_ALONE):
        connection.execute(sa.text(f"CREATE INDEX IF NOT EXISTS {name} ON {_INDEXES[name]}"))


def missing(connection: Connection) -> list[str]:
    """Without them a search is right, and reads every text."""
    there = set(connection.scalars(_THERE))
    return [name for name in _INDEXES if name not in there]
