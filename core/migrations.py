"""Brings the database to the newest version of the tables: all missing steps in one transaction, or none (F19)."""

from __future__ import annotations

import sqlalchemy as sa

from core import database, postgresql_engine, search_indexes, version
from core.backup import before_upgrade
from core.config import ROOT, command
from core.errors import SettingsError

_FOLDER = ROOT / "data" / "migrations"
STOPPED = "This stopped the tables from being brought up to date. They are as they were."


def upgrade(*, without_backup: bool = False) -> None:
    """Run the migrations that are missing; a database that is up to date is left alone without loading Alembic.

    What is in it is secured first. A killed upgrade leaves the tables as they were; it begins anew at the next start.
    Raises SettingsError for the tables of a newer program, and while older processes are still at work (PostgreSQL).
    """
    before = current()
    if before != newest():
        if before is not None:
            _refuse_newer(before)
            _refuse_at_work()
            if not without_backup:
                before_upgrade.secure(before)
        try:
            _migrate()
        except sa.exc.DatabaseError as error:
            error.add_note(STOPPED)
            raise
    search_indexes.make()
    _sample()


def require() -> None:
    """Raises SettingsError unless the tables are those of this program: for whoever does not bring them up to date."""
    before = current()
    if before is not None:
        _refuse_newer(before)
    if before != newest():
        raise SettingsError(
            f"The tables are of version {before or 'none'}, this program wants {newest()}. Start a web process, which "
            f"brings them up to date, or run: {command('upgrade')}"
        )


def _refuse_newer(before: str) -> None:
    if before > newest():
        raise SettingsError(
            f"This database belongs to a newer Firstkey: its tables are of version {before}, this program knows "
            f"{newest()}. Install the newer program again, or restore the backup from before the upgrade."
        )


def _refuse_at_work() -> None:
    """Each connection to PostgreSQL says which tables its program knows: nobody goes on with those of before.

    A machine that lost its power stays connected until PostgreSQL notices, by its own settings after two hours.
    """
    if database.is_sqlite():
        return
    older = sa.text(
        "SELECT DISTINCT application_name, coalesce(host(client_addr), 'this machine') FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name ~ '^firstkey [0-9]+$' AND application_name < :own"
    )
    with database.engine().connect() as connection:
        found = connection.execute(older, {"own": postgresql_engine.own_name()}).all()
    if found:
        places = ", ".join(sorted({f"{name} on {place}" for name, place in found}))
        raise SettingsError(
            f"An older Firstkey is still at work with this database: {places}. Stop it on every machine first; nothing "
            "was changed. Where a machine is gone for good, end what is left of it in PostgreSQL: SELECT "
            f"pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{found[0][0]}'"
        )


def _migrate() -> None:
    from alembic import command as alembic
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_FOLDER))
    alembic.upgrade(configuration, "head")


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
        found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found


def missing() -> list[str]:
    """The steps that an upgrade would take, oldest first."""
    now = current() or ""
    return [step for step in version.table_steps() if step > now]


def newest() -> str:
    """The version this program wants."""
    return version.table_steps()[-1]
