"""Brings the database to the newest version of the tables: all missing steps in one transaction, or none (F19)."""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa

from core import database, search_indexes
from core.backup import before_upgrade
from core.config import ROOT
from core.errors import SettingsError

_FOLDER = ROOT / "data" / "migrations"


def upgrade(*, without_backup: bool = False) -> None:
    """Run the migrations that are missing; a database that is up to date is left alone without loading Alembic.

    What is in it is secured first. A killed upgrade leaves the tables as they were; it begins anew at the next start.
    """
    version = current()
    if version != newest():
        if version is not None:
            _refuse_newer(version)
            if not without_backup:
                before_upgrade.secure(version)
        _migrate()
    search_indexes.make()
    _sample()


def _refuse_newer(version: str) -> None:
    if version > newest():
        raise SettingsError(
            f"This database belongs to a newer Firstkey: its tables are of version {version}, this program knows "
            f"{newest()}. Install the newer program again, or restore the backup from before the upgrade."
        )


def _migrate() -> None:
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_FOLDER))
    command.upgrade(configuration, "head")


def _sample() -> None:
    """Tell SQLite how its rows are spread (10 ms at 100,000 students): without that it takes the wrong index."""
    if database.is_sqlite():
        with database.engine().begin() as connection:
            connection.exec_driver_sql("PRAGMA analysis_limit=1000")
            connection.exec_driver_sql("ANALYZE")


def current() -> str | None:
    """The version of the tables in the database, None for an empty one."""
    with database.engine().connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return version


def missing() -> list[str]:
    """The steps that an upgrade would take, oldest first."""
    version = current() or ""
    return [step for step in _steps() if step > version]


@lru_cache
def newest() -> str:
    """The version this program wants: the highest number among the migration files."""
    return _steps()[-1]


def _steps() -> list[str]:
    return sorted(path.name.split("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))
