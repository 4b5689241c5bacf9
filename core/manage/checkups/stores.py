"""The databases: are they there, and up to date; and the disk below them."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from core import database, keys, migrations, postgresql_engine, search_indexes
from core.backup import postgresql_store
from core.config import Settings, command
from core.manage.checkups import clocks
from core.manage.checkups.findings import Finding, fault, fine, told, warning
from core.rules.health import Disk
from core.tables import disks


def people(settings: Settings) -> Iterator[Finding]:
    """The database of people."""
    try:
        started = time.perf_counter()
        version = migrations.current()
        took = (time.perf_counter() - started) * 1000
    except (sa.exc.SQLAlchemyError, OSError, ValueError) as error:
        remedy = "Check FIRSTKEY_DATABASE_URL, and whether the database server runs and lets this user in."
        yield fault("database", f"The database does not answer: {told(error, settings)}", remedy)
        return
    if version != migrations.newest():
        sentence = f"Its tables are of version {version or 'none'}, this program wants {migrations.newest()}."
        yield fault("database", sentence, f"Run: {command('init')}")
    else:
        yield fine("database", f"{_named()}, tables of version {version}, answers in {took:.0f} ms")
        yield clocks.set_back()
    yield from clocks.look()
    if not database.is_sqlite():
        yield _trigrams()


def _named() -> str:
    return "sqlite" if database.is_sqlite() else f"postgresql {postgresql_store.server_version(database.engine())}"


def engine(settings: Settings) -> Iterator[Finding]:
    """The books of the delivery engine."""
    url = settings.engine_url.replace("postgresql://", "postgresql+psycopg://", 1)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        yield fine("engine", "its file is made at the first start")
        return
    try:
        more = {} if url.startswith("sqlite") else {"connect_args": postgresql_engine.manner(url)}
        made = sa.create_engine(url, hide_parameters=True, **more)
        with made.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
        made.dispose()
    except (sa.exc.SQLAlchemyError, OSError) as error:
        remedy = "Check FIRSTKEY_ENGINE_URL: without this database nothing is sent."
        yield fault("engine", f"The engine's database does not answer: {told(error, settings)}", remedy)
        return
    yield fine("engine", f"{made.dialect.name} answers")


def disk(settings: Settings) -> Iterator[Finding]:
    """Room where Firstkey writes, as Health and the alarms see it, and files that only this user reads (R92)."""
    folder = settings.var_folder
    if not os.access(disks.there(folder), os.W_OK | os.X_OK):
        remedy = "Set FIRSTKEY_FOLDER to the folder in which secret.key lies, or to one that Firstkey may write into."
        yield fault("disk", f"Firstkey may not write into its folder {folder}.", remedy)
        return
    if not folder.exists():
        yield warning("disk", f"The folder {folder} is not there yet.", f"Run: {command('init')}")
        return
    yield from map(_room, disks.watched())
    if not database.is_sqlite():
        yield fine("disk", "that of PostgreSQL is not looked at from here: watch it where PostgreSQL runs")
    yield from _private(settings)


def _room(disk: Disk) -> Finding:
    said = f"{disk.free_bytes / 2**30:,.1f} GB are free on {disk.name} ({disk.folder})"
    if disk.is_full:
        return fault("disk", f"{said}: writing may fail at any moment.", "Free some space now.")
    return warning("disk", f"{said}.", "Free some space soon.") if disk.is_nearly_full else fine("disk", said)


def _private(settings: Settings) -> Iterator[Finding]:
    names = ("secret.key", "*.db", "*.db-wal", "*.db-shm", "outbox/*.json", "before-upgrade/*.db")
    stores = (settings.database_url, settings.engine_url)
    folders = {Path(url.removeprefix("sqlite:///")).resolve().parent for url in stores if url.startswith("sqlite:///")}
    folders.add(settings.var_folder)
    found = [path for folder in folders for name in names for path in folder.glob(name) if path.is_file()]
    found += [path for path in [keys.path()] if path is not None and path.exists() and path not in found]
    shared = [path for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if shared:
        listed = " ".join(str(path) for path in shared[:20])
        yield fault("files", f"Others on this machine may read {len(shared)} files.", f"Run: chmod 600 {listed}")
    else:
        yield fine("files", f"{len(found)} files, for this user alone")


def _trigrams() -> Finding:
    with database.reading() as db:
        missing = search_indexes.missing(db.connection())
    if not missing:
        return fine("search", "pg_trgm and its indexes are there")
    sentence = "Without indexes of pg_trgm the search is right, but slow in a large school."
    return warning(
        "search", sentence, "As a superuser of this database: CREATE EXTENSION IF NOT EXISTS pg_trgm; then run init."
    )
