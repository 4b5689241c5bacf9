"""The connections of a process: what reads and what writes do not get into each other's way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from core import clock, config, database, postgresql_engine, sqlite_engine
from core.models import metadata

pytestmark = pytest.mark.usefixtures("fresh_database")


@contextmanager
def said() -> Iterator[list[str]]:
    """The statements that go to the database meanwhile."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    engines = (database.engine(), database._readers())
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", note)


def _read_and_write() -> None:
    with database.reading() as db:
        db.execute(sa.text("SELECT 1"))
    with database.transaction() as db:
        db.execute(sa.text("SELECT 2"))


def test_who_writes_after_somebody_has_read_tells_the_database_nothing_but_that_they_write() -> None:
    _read_and_write()
    with said() as statements:
        _read_and_write()
    assert statements == ["SELECT 1", "BEGIN IMMEDIATE", "SELECT 2"]


def test_a_folder_with_an_umlaut_and_brackets_is_the_only_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", f"sqlite:///{tmp_path}/Schule Zürich (neu)/firstkey.db")
    config.settings.cache_clear()
    database.forget()
    before = {path.name for path in tmp_path.iterdir()}
    _read_and_write()
    assert {path.name for path in tmp_path.iterdir()} - before == {"Schule Zürich (neu)"}


def test_forgetting_closes_what_reads_and_what_writes(database_url: str) -> None:
    log = Path(database_url.removeprefix("sqlite:///") + "-wal")
    _read_and_write()
    assert log.exists()
    database.forget()
    assert not log.exists()  # SQLite removes it with the last connection


@pytest.mark.parametrize(("rows", "gives_back"), [(1, False), (sqlite_engine.MANY_ROWS + 1, True)])
def test_whoever_wrote_much_gives_its_memory_back(rows: int, gives_back: bool) -> None:
    heard: list[str] = []
    failures = [{"scope": "device", "subject": str(n), "began_at": clock.now(), "times": 1} for n in range(rows)]
    with database.transaction() as db:
        by_driver: Any = db.connection().connection.driver_connection
        by_driver.set_trace_callback(heard.append)
        db.connection().execute(sa.insert(metadata.tables["throttle"]), failures)
    assert ("PRAGMA shrink_memory" in heard) is gives_back


@pytest.mark.both_databases
def test_who_reads_cannot_write_also_after_others_have_written() -> None:
    _read_and_write()
    with pytest.raises(sa.exc.DBAPIError, match=r"read-?only"), database.reading() as db:
        db.execute(sa.text("DELETE FROM throttle"))


@pytest.mark.postgresql
def test_a_connection_that_the_server_closed_a_moment_ago_is_replaced_before_anybody_asks_by_it() -> None:
    for _reader in range(3):
        with database.reading() as db:
            process = db.scalar(sa.text("SELECT pg_backend_pid()"))
        with database.transaction() as db:
            db.scalar(sa.text("SELECT 1"))
        with psycopg.connect(_address(), autocommit=True) as other:
            ours = "datname = current_database() AND pid <> pg_backend_pid()"
            other.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {ours}")
        with database.reading() as db:
            assert db.scalar(sa.text("SELECT pg_backend_pid()")) != process


@pytest.mark.postgresql
@pytest.mark.parametrize(("sure_s", "asked"), [(60.0, 0), (-1.0, 1)])
def test_only_a_connection_that_rested_is_asked_whether_its_server_is_there(
    monkeypatch: pytest.MonkeyPatch, sure_s: float, asked: int
) -> None:
    _read_and_write()
    monkeypatch.setattr(postgresql_engine, "SURE_S", sure_s)
    pings: list[object] = []
    monkeypatch.setattr(database.engine().dialect, "do_ping", pings.append)
    with database.reading() as db:
        db.scalar(sa.text("SELECT 1"))
    assert len(pings) == asked


def _address() -> str:
    return database.engine().url.set(drivername="postgresql").render_as_string(hide_password=False)
