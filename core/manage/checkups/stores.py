"""The databases: are they there, up to date, in step with the clock; and the disk below them."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from core import clock, database, keys, migrations, search_indexes
from core.config import Settings, command
from core.manage.checkups.findings import Finding, fault, fine, told, warning
from core.rules.health import Disk
from core.tables import audit, disks

SKEW_S, FAULTY_SKEW_S = 5, 60


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
        yield fine("database", f"{database.engine().dialect.name}, version {version}, answers in {took:.0f} ms")
        yield _set_back()
    if not database.is_sqlite():
        yield _skew()
        yield _trigrams()


def engine(settings: Settings) -> Iterator[Finding]:
    """The books of the delivery engine."""
    url = settings.engine_url.replace("postgresql://", "postgresql+psycopg://", 1)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        yield fine("engine", "its file is made at the first start")
        return
    try:
        made = sa.create_engine(url, hide_parameters=True)
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


def _skew() -> Finding:
    with database.reading() as db:
        theirs = db.connection().scalar(sa.text("SELECT clock_timestamp()"))
    assert isinstance(theirs, datetime)  # noqa: S101  (what this function of PostgreSQL is)
    apart = abs((clock.now() - theirs.astimezone(UTC)).total_seconds())
    said, remedy = f"This machine and the database differ by {apart:.1f} s", "Let both keep time by NTP (chrony)."
    if apart > FAULTY_SKEW_S:
        return fault("clock", f"{said}: codes of phones and ends of links go wrong.", remedy)
    return warning("clock", f"{said}.", remedy) if apart > SKEW_S else fine("clock", said)


def _set_back() -> Finding:
    """A clock that was set back shows in the audit, whose newest entry is then still to come."""
    with database.reading() as db:
        newest = audit.newest_at(db)
    ahead = (newest - clock.now()).total_seconds() if newest else 0
    if ahead > FAULTY_SKEW_S:
        sentence = f"The newest entry of the audit is {ahead / 60:,.0f} minutes ahead of this machine's clock."
        return fault(
            "clock", sentence, "Let this machine keep time by NTP (chrony), and see which of the two is wrong."
        )
    return fine("clock", f"{clock.now():%Y-%m-%d %H:%M} UTC, not behind what is written down")


def _trigrams() -> Finding:
    with database.reading() as db:
        missing = search_indexes.missing(db.connection())
    if not missing:
        return fine("search", "pg_trgm and its indexes are there")
    sentence = "Without indexes of pg_trgm the search is right, but slow in a large school."
    return warning(
        "search", sentence, "As a superuser of this database: CREATE EXTENSION IF NOT EXISTS pg_trgm; then run init."
    )
