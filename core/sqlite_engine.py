"""How SQLite is connected to: those who read and those who write have connections of their own."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler

WEB_WAIT_MS = 5_000
# Many read at once, one writes: readers share the file as the system maps it, and keep little of their own.
MAPPED, READER_CACHE_KB, WRITER_CACHE_KB = 2**31, 2_000, 128_000
MANY_ROWS = 10_000  # changed by one connection: a hundred messages at a time keep their cache, an import does not


def made(url: str, *, reading: bool) -> sa.Engine:
    """An engine whose connections read, or whose connections write."""
    Path(sa.make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        pool_size=20,
        max_overflow=40,
        pool_use_lifo=True,  # the connection of last knows how to answer: twenty in turns take half as long again
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )
    engine.dialect.statement_compiler = _WithIndexes
    sa.event.listen(engine, "connect", _configure)
    sa.event.listen(engine, "connect", _reads if reading else _writes)
    sa.event.listen(engine, "begin", _begin_to_read if reading else _begin_to_write)
    if not reading:
        sa.event.listen(engine, "checkin", _give_memory_back)
    return engine


class _WithIndexes(SQLiteCompiler):
    """Writes the hint of `with_hint(Person, "INDEXED BY …", "sqlite")`: else SQLite looks up whole rows."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        return text


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in (*pragmas, f"mmap_size={MAPPED}"):
        connection.execute(f"PRAGMA {pragma}")


def _reads(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (f"busy_timeout={WEB_WAIT_MS}", "query_only=ON", f"cache_size=-{READER_CACHE_KB}"):
        connection.execute(f"PRAGMA {pragma}")


def _writes(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KB}")


def _begin_to_read(connection: sa.Connection) -> None:
    by_driver: Any = connection.connection.driver_connection
    by_driver.execute("BEGIN")  # opens no file and waits for nobody: it needs no SQLAlchemy around it


def _begin_to_write(connection: sa.Connection) -> None:
    """IMMEDIATE: a deferred transaction that turns to writing fails at once when somebody else writes (F5)."""
    wait_ms = connection.get_execution_options().get("wait_ms", WEB_WAIT_MS)
    if connection.info.get("wait_ms") != wait_ms:  # the connection keeps it: say only what is new
        connection.exec_driver_sql(f"PRAGMA busy_timeout={wait_ms}")
        connection.info["wait_ms"] = wait_ms
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _give_memory_back(connection: sqlite3.Connection | None, record: Any) -> None:
    """Whoever wrote much has filled a cache that nobody needs any more; it would stay as long as the connection.

    Who read much while they wrote is not asked for: there are few connections of writers, and the last is taken first.
    """
    if connection is not None and connection.total_changes - record.info.get("changes", 0) > MANY_ROWS:
        connection.execute("PRAGMA shrink_memory")
        record.info["changes"] = connection.total_changes
