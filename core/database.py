"""The connection to the database, and the only place that commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlmodel import Session

from core import measures
from core.config import settings
from core.errors import NotAllowed
from core.permissions import Actor

if TYPE_CHECKING:
    import psycopg

WEB_WAIT_MS, WORKER_WAIT_MS = 5_000, 30_000
AT_ONCE = 5_000
KEPT: Any = {"kept": True}  # options of statements whose plan is the same whatever they ask for
T = TypeVar("T")
# Many read at once, one writes: readers share the file as the system maps it, and keep little of their own.
MAPPED, READER_CACHE_KB, WRITER_CACHE_KB = 2**31, 2_000, 128_000
_inside: ContextVar[bool] = ContextVar("inside", default=False)
_write_refusal: Callable[[Session, Actor, NotAllowed], None] | None = None


@lru_cache
def engine() -> sa.Engine:
    """The engine of this process, made at first use. Errors hide their parameters: people would stand in logs."""
    url = settings().database_url
    if not url.startswith("sqlite"):
        made = sa.create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True, hide_parameters=True)
        sa.event.listen(made, "connect", _configure_postgresql)
        sa.event.listen(made, "do_execute", _plan)
        sa.event.listen(made, "handle_error", measures.database_failed)
        return made
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    made = sa.create_engine(
        url,
        pool_size=20,
        max_overflow=40,
        pool_use_lifo=True,  # the connection of last knows how to answer: twenty in turns take half as long again
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )
    made.dialect.statement_compiler = _WithIndexes
    sa.event.listen(made, "connect", _configure_sqlite)
    sa.event.listen(made, "begin", _begin_sqlite)
    sa.event.listen(made, "handle_error", measures.database_failed)
    return made


class _WithIndexes(SQLiteCompiler):
    """Writes the hint of `with_hint(Person, "INDEXED BY …", "sqlite")`: else SQLite looks up whole rows."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        return text


def _configure_postgresql(connection: psycopg.Connection[Any], _record: object) -> None:
    """A claim that a crash of the server can undo would be sent twice, so `off` is not for us (F6)."""
    how = connection.execute("SHOW synchronous_commit").fetchone()
    if how == ("off",):
        connection.execute("SET synchronous_commit = on")
    connection.execute("SET jit = off")  # our statements are short: compiling one takes a second, reading a page 0.04
    connection.commit()  # else the setting ends with the transaction


def _plan(cursor: psycopg.Cursor[Any], statement: Any, parameters: Any, context: Any) -> bool | None:
    """Readers are planned for by the values they ask for: of a word PostgreSQL would expect what it does of any.

    What asks by keys alone is marked KEPT: to plan a page of rows took four times as long as to read it.
    """
    options = context.execution_options
    if not options.get("reading") or options.get("kept") or context._is_server_side:  # which are never prepared
        return None
    cursor.execute(statement, parameters, prepare=False)
    return True


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in (*pragmas, f"mmap_size={MAPPED}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    reading, wait_ms = bool(options.get("reading")), options.get("wait_ms", WEB_WAIT_MS)
    if connection.info.get("firstkey") != (reading, wait_ms):  # the connection keeps them: ask only for a change
        connection.exec_driver_sql(f"PRAGMA busy_timeout={wait_ms}")
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
        connection.exec_driver_sql(f"PRAGMA cache_size=-{READER_CACHE_KB if reading else WRITER_CACHE_KB}")
        connection.info["firstkey"] = (reading, wait_ms)
    if reading:
        by_driver: Any = connection.connection.driver_connection
        by_driver.execute("BEGIN")  # opens no file and waits for nobody: it needs no SQLAlchemy around it
    else:  # IMMEDIATE: a deferred transaction that turns to writing fails at once when somebody else writes (F5)
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def transaction(*, wait_ms: int = WEB_WAIT_MS) -> Iterator[Session]:
    """One act: all of it is stored when the block ends, none of it when the block raises."""
    with _refusals_written(), Session(_with(wait_ms=wait_ms), expire_on_commit=False) as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


@contextmanager
def reading() -> Iterator[Session]:
    """A consistent look at the data; writing in it is refused by the database. Readers never wait for a writer."""
    readers = _with(reading=True, postgresql_readonly=True)
    with _refusals_written(), Session(readers, autoflush=False, expire_on_commit=False) as session:
        yield session
        session.commit()  # with a rollback psycopg forgets what it has prepared


def when_refused(write: Callable[[Session, Actor, NotAllowed], None]) -> None:
    """How it is written down that somebody was refused: the audit stands above, and says so when it is loaded."""
    global _write_refusal
    _write_refusal = write


@contextmanager
def _refusals_written() -> Iterator[None]:
    """Whoever is refused within is written down once all of it is undone and nobody holds the lock of the writer.

    Within another it is for that one, which may hold the lock; and the writing itself is not written down.
    """
    if _inside.get():
        yield
        return
    _inside.set(True)
    try:
        yield
    except NotAllowed as refusal:
        _write(refusal)
        raise
    finally:
        _inside.set(False)


def _write(refusal: NotAllowed) -> None:
    """Once, and of those who have an account: strangers could fill the audit."""
    if _write_refusal is None or refusal.is_noted or refusal.by is None or refusal.by.account_id is None:
        return
    with transaction() as db:
        _write_refusal(db, refusal.by, refusal)
    refusal.is_noted = True


def insert(db: Session, statement: sa.Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows, hundreds to a statement: SQLite's search indexes are written once per statement (2.5 times)."""
    key = next(iter(statement.table.primary_key))  # what is to be returned makes SQLAlchemy group the rows
    db.connection().execute(statement.returning(key), rows)


def slices(rows: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """The rows in parts that one statement can take: each value is a parameter, and SQLite has room for 32,766."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


@lru_cache
def _with(**options: Any) -> sa.Engine:
    """Kept: to make one anew for every transaction took as long as a short statement."""
    return engine().execution_options(**options)


def is_sqlite() -> bool:
    return engine().dialect.name == "sqlite"


def forget() -> None:
    """Close all connections and forget the engine: for tests, and before a fork."""
    if engine.cache_info().currsize:
        engine().dispose()
    engine.cache_clear()
    _with.cache_clear()
