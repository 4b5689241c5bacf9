"""Makes a backup while the school works: both databases, each of one moment, and the outbox."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from core import clock, database, keys, migrations, outbox, version
from core.backup import archives, census, manifest, postgresql_store, sqlite_store
from core.backup.census import Census
from core.backup.manifest import Manifest
from core.config import require_folder, settings
from core.errors import Conflict, InputProblem
from core.tables import keys_in_use

PEOPLE, ENGINE, OUTBOX = "people", "engine", "outbox"
_NAME = re.compile(r"firstkey-\d{8}-\d{6}\.backup")


@dataclass(frozen=True)
class Made:
    """A backup that lies in its place, and how many older ones were taken away for it."""

    path: Path
    size: int
    about: Manifest
    taken_away: int


def make(folder: Path, key_file: Path, *, key: bytes, keep: int) -> Made:
    """Make a backup in this folder and keep the newest `keep` of them. One at a time."""
    target = folder / f"firstkey-{clock.now():%Y%m%d-%H%M%S}.backup"
    try:
        _refuse(folder, key_file)
        with _alone(), _scratch(folder) as scratch:
            about, files = _copied(scratch)
            archives.write(target, key, about, files)
            return Made(target, target.stat().st_size, about, _rotate(folder, keep))
    except (OSError, sqlite3.Error, sa.exc.OperationalError) as error:
        raise InputProblem(f"No backup was made: {_said(error)}. The older ones are as they were.") from None


def listed(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def databases() -> dict[str, str]:
    """The URL of each database by its name; an engine that shares the one of people has none of its own."""
    people, engine = settings().database_url, settings().engine_url
    shared = postgresql_store.libpq(people) == postgresql_store.libpq(engine)
    return {PEOPLE: people} if shared else {PEOPLE: people, ENGINE: engine}


def kind(url: str) -> str:
    return "sqlite" if url.startswith("sqlite") else "postgresql"


def _refuse(folder: Path, key_file: Path) -> None:
    if not folder.is_dir():
        raise InputProblem(f"There is no folder {folder}. Make it first, on another disk than the database if you can.")
    if folder.resolve() in key_file.resolve().parents:
        raise InputProblem(f"The backup key lies among the backups ({key_file}). Keep it somewhere else.")
    if migrations.current() is None:
        raise InputProblem("There is no school in this database yet: nothing to back up.")
    if any(kind(url) == "postgresql" for url in databases().values()):
        postgresql_store.require_tools()


@contextmanager
def _alone() -> Iterator[None]:
    handle = os.open(require_folder() / "backup.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Conflict("Another backup is under way. Wait until it has ended.") from None
    finally:
        os.close(handle)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Copies that are not sealed yet lie beside the database, where the same people may read; killed ones are swept."""
    for left in settings().var_folder.glob(".backup-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in folder.glob(".firstkey-*.backup.*"):
        left.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=settings().var_folder) as made:
        yield Path(made)


def _copied(scratch: Path) -> tuple[Manifest, list[tuple[str, Path]]]:
    """The engine first: of a batch that it does not know yet our own table tells it."""
    made_at, urls = clock.now(), databases()
    if ENGINE in urls:
        _copy(urls[ENGINE], scratch / ENGINE)
    counted = _people(urls[PEOPLE], scratch / PEOPLE)
    files = [(name, scratch / name) for name in urls if (scratch / name).exists()]
    files += [(f"{OUTBOX}/{path.name}", path) for path in _outbox(scratch)]
    kinds = {name: kind(url) for name, url in urls.items() if (scratch / name).exists()}
    about = Manifest(
        made_at=made_at.isoformat(),
        program=version.program(),
        schema=migrations.current() or "",
        databases=kinds,
        key=keys.current().kid,
        keys=sorted(_needed()),
        census=counted,
        parts=[manifest.part(path, name) for name, path in files],
    )
    return about, files


def _copy(url: str, target: Path, *, snapshot: str = "") -> None:
    if kind(url) == "postgresql":
        postgresql_store.copy(url, target, snapshot=snapshot)
    elif not sqlite_store.is_empty(sqlite_store.path_of(url)):
        sqlite_store.copy(sqlite_store.path_of(url), target)


def _people(url: str, target: Path) -> Census:
    """The copy, and the count of the very moment that it shows."""
    if kind(url) == "sqlite":
        _copy(url, target)
        counting = sa.create_engine(f"sqlite:///{target}")
        with counting.connect() as connection:
            counted = census.take(connection)
        counting.dispose()
        return counted
    with database.engine().connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.scalar(sa.text("SELECT pg_export_snapshot()"))
        counted = census.take(connection)
        _copy(url, target, snapshot=str(snapshot))
        return counted


def _needed() -> set[str]:
    """The keys without which something in it opens no more; tables of an older version are not asked.

    What was sealed with a key that is lost here already, no key of a restore opens.
    """
    if migrations.current() != migrations.newest():
        return {keys.current().kid}
    with database.reading() as db:
        return keys_in_use.all_of_them(db) & keys.known().keys() | {keys.current().kid}


def _outbox(scratch: Path) -> Iterator[Path]:
    """Copied first: retention may take a message away while the archive is written."""
    kept = scratch / OUTBOX
    kept.mkdir()
    for name in outbox.names():
        try:
            yield Path(shutil.copy(outbox.path(name), kept))
        except FileNotFoundError:
            continue


def _said(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def _rotate(folder: Path, keep: int) -> int:
    old = listed(folder)[:-keep]
    for path in old:
        path.unlink()
    return len(old)
