"""A database of its own for a measurement, thrown away afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import sqlalchemy as sa

from core import config, database, demo, migrations
from tests.peers import postgres


@contextmanager
def scratch_school(*, postgres_url: str = "") -> Iterator[Path]:
    """An empty database with all tables: SQLite in the temporary folder given, or a new one of a PostgreSQL cluster."""
    with tempfile.TemporaryDirectory(prefix="firstkey-bench-") as folder:
        values = {
            "FIRSTKEY_DATABASE_URL": _new_database(postgres_url) if postgres_url else f"sqlite:///{folder}/firstkey.db",
            "FIRSTKEY_GRACE_SECONDS": "0",
            "FIRSTKEY_ENGINE_URL": f"sqlite:///{folder}/engine.db",
        }
        with mock.patch.dict(os.environ, values):
            _forget()
            migrations.upgrade()
            try:
                yield Path(folder)
            finally:
                _forget()
    _forget()


@contextmanager
def seeded_school(*, students: int, postgres_url: str = "") -> Iterator[Path]:
    """The same with a demo school in it, and the database's own statistics up to date."""
    with scratch_school(postgres_url=postgres_url) as folder:
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            demo.seed(db, students=students, seed=1)
        with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not database.is_sqlite():
                connection.execute(sa.text("VACUUM ANALYZE"))
        yield folder


def has_trigrams(postgres_url: str) -> bool:
    """Whether the cluster offers pg_trgm, without which a search reads every row."""
    engine = sa.create_engine(_sqlalchemy(postgres_url.format(name="postgres")))
    with engine.connect() as connection:
        query = sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
        found = connection.execute(query).scalar_one()
    engine.dispose()
    return bool(found)


def _new_database(postgres_url: str) -> str:
    postgres.admin(postgres_url, "DROP DATABASE IF EXISTS bench WITH (FORCE)")
    postgres.admin(postgres_url, "CREATE DATABASE bench")
    return _sqlalchemy(postgres_url.format(name="bench"))


def _sqlalchemy(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _forget() -> None:
    database.forget()
    config.settings.cache_clear()
