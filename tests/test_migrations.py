"""Migrations make exactly the tables that the models describe, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel.sql.sqltypes import AutoString

from core import config, database, migrations, models
from tests.peers import postgres

_numbers = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database without any table."""
    url = f"sqlite:///{tmp_path / 'firstkey.db'}"
    if request.param == "postgresql":
        cluster, name = request.getfixturevalue("postgres_url"), f"migrated_{next(_numbers)}"
        postgres.admin(cluster, f"CREATE DATABASE {name}")
        url = cluster.format(name=name).replace("postgresql://", "postgresql+psycopg://", 1)
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", url)
    config.settings.cache_clear()
    database.forget()
    yield
    database.forget()
    config.settings.cache_clear()


def _same_type(
    _context: object, _inspected: object, _column: object, found: sa.types.TypeEngine[object], wanted: object
) -> bool | None:
    return False if isinstance(wanted, AutoString) and isinstance(found, sa.String) else None


def _is_described(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    return not (kind in ("table", "index") and (name or "").startswith("search_"))


@pytest.mark.usefixtures("empty_database")
def test_migrations_and_models_agree() -> None:
    migrations.upgrade()
    with database.engine().connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": _same_type, "include_object": _is_described}
        )
        assert compare_metadata(context, models.metadata) == []


@pytest.mark.usefixtures("empty_database")
def test_a_second_upgrade_changes_nothing() -> None:
    migrations.upgrade()
    assert migrations.current() == migrations.newest()
    migrations.upgrade()
    assert migrations.current() == migrations.newest()
