"""The connection to the database, and the only place that commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from core import measures, postgresql_engine, sqlite_engine
from core.config import settings
from core.errors import NotAllowed
from core.permissions import Actor
from core.sqlite_engine import WEB_WAIT_MS

WORKER_WAIT_MS = 30_000
KEPT = postgresql_engine.KEPT
AT_ONCE = 5_000
T = TypeVar("T")
_inside: ContextVar[bool] = ContextVar("inside", default=False)
_write_refusal: Callable[[Session, Actor, NotAllowed], None] | None = None


@lru_cache
def engine() -> sa.Engine:
    """The engine of this process, made at first use; on SQLite of whoever writes, readers have another.

    Errors hide their parameters: people would stand in logs.
    """
    url = settings().database_url
    if url.startswith("sqlite"):
        return _watched(sqlite_engine.made(url, reading=False))
    return _watched(postgresql_engine.made(url))


@lru_cache
def _readers() -> sa.Engine:
    """What reads SQLite has connections of its own.

    One that turned from reading to writing said so in three statements, there and back, and the writer lost the pages
    it had in memory: while a school signed in, a fifth of what whoever holds the lock said.
    """
    return _watched(sqlite_engine.made(str(engine().url), reading=True)) if is_sqlite() else engine()


def _watched(made: sa.Engine) -> sa.Engine:
    sa.event.listen(made, "handle_error", measures.database_failed)
    return made


@contextmanager
def transaction(*, wait_ms: int = WEB_WAIT_MS) -> Iterator[Session]:
    """One act: all of it is stored when the block ends, none of it when the block raises."""
    with _refusals_written(), Session(_writing(wait_ms), expire_on_commit=False) as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


@contextmanager
def reading() -> Iterator[Session]:
    """A consistent look at the data; writing in it is refused by the database. Readers never wait for a writer."""
    with _refusals_written(), Session(_reading(), autoflush=False, expire_on_commit=False) as session:
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
def _writing(wait_ms: int) -> sa.Engine:
    """Kept: to make one anew for every transaction took as long as a short statement."""
    return engine().execution_options(wait_ms=wait_ms)


@lru_cache
def _reading() -> sa.Engine:
    return _readers().execution_options(reading=True, postgresql_readonly=True)


def is_sqlite() -> bool:
    return engine().dialect.name == "sqlite"


def forget() -> None:
    """Close all connections and forget the engine: for tests, and before a fork."""
    for made in (_readers, engine):
        if made.cache_info().currsize:
            made().dispose()
    for kept in (_readers, engine, _writing, _reading):
        kept.cache_clear()
