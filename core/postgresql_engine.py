"""How PostgreSQL is connected to."""

from __future__ import annotations

import math
import select
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from core import measures, version

if TYPE_CHECKING:
    import psycopg

KEPT: Any = {"kept": True}  # options of statements whose plan is the same whatever they ask for
SURE_S = 1.0  # so long after an answer nobody doubts that the server is there
# A machine that lost its power says nothing: without these, pages wait for it as long as the system does, 15 minutes.
_PATIENCE = {"connect_timeout": 5, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3}
_PATIENCE["tcp_user_timeout"] = 30_000  # ms


def made(url: str) -> sa.Engine:
    """An engine whose connections are there when somebody takes one, also after the server was started anew."""
    engine = sa.create_engine(
        url,
        connect_args=manner(url),
        pool_size=20,
        max_overflow=20,
        pool_use_lifo=True,  # the connection of last needs no question, and has prepared what is asked
        hide_parameters=True,
    )
    sa.event.listen(engine, "connect", _configure)
    sa.event.listen(engine, "checkout", lambda connection, record, _proxy: _ask(engine.dialect, connection, record))
    sa.event.listen(engine, "checkin", _note)
    sa.event.listen(engine, "do_execute", _plan)
    return engine


def manner(url: str) -> dict[str, Any]:
    """How we connect, but for what the URL says itself."""
    told, ours = sa.make_url(url).query, {**_PATIENCE, "application_name": own_name()}
    return {name: value for name, value in ours.items() if name not in told}


def own_name() -> str:
    """What PostgreSQL lists beside our connections: whose they are, and which tables their program knows."""
    return f"firstkey {version.table_steps()[-1]}"


def _configure(connection: psycopg.Connection[Any], record: Any) -> None:
    """A claim that a crash of the server can undo would be sent twice, so `off` is not for us (F6)."""
    with connection.transaction():  # else the settings end with the one that is open
        how = connection.execute("SHOW synchronous_commit").fetchone()
        if how == ("off",):
            connection.execute("SET synchronous_commit = on")
        connection.execute("SET jit = off")  # ours are short: compiling one takes a second, reading a page 0.04
    record.info["fresh"] = True


def _note(_connection: object, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _ask(dialect: sa.Dialect, connection: Any, record: Any) -> None:
    """Whether the server is there is asked of a connection that rested, or has something to say though nobody asked.

    To ask each time, as SQLAlchemy's `pool_pre_ping` does, was eleven questions for one who signs in the first time.
    """
    if record.info.pop("fresh", False) or (_was_used(record) and not _says_something(connection)):
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        if not dialect.is_disconnect(error, connection, None):
            raise
        measures.DATABASE_ERRORS.labels(type(error).__name__).inc()
        raise sa.exc.InvalidatePoolError from error  # the others are as old: SQLAlchemy makes new ones


def _was_used(record: Any) -> bool:
    """Whether its server answered by it a moment ago."""
    return bool(time.monotonic() - record.info.get("used", -math.inf) < SURE_S)


def _says_something(connection: Any) -> bool:
    """Only a server that takes its leave speaks unasked. Windows cannot look, and asks."""
    if connection.closed or not hasattr(select, "poll"):
        return True
    looked = select.poll()
    looked.register(connection.fileno(), select.POLLIN)
    return bool(looked.poll(0))


def _plan(cursor: psycopg.Cursor[Any], statement: Any, parameters: Any, context: Any) -> bool | None:
    """Readers are planned for by the values they ask for: of a word PostgreSQL would expect what it does of any.

    What asks by keys alone is marked KEPT: to plan a page of rows took four times as long as to read it.
    """
    options = context.execution_options
    if not options.get("reading") or options.get("kept") or context._is_server_side:  # which are never prepared
        return None
    cursor.execute(statement, parameters, prepare=False)
    return True
