"""Puts a backup into an empty place. That database sends nothing from its first moment on (services.sending_hold)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from core import clock, database, keys, migrations
from core.backup import archives, census, making, postgresql_store, sqlite_store
from core.backup.making import OUTBOX, PEOPLE
from core.backup.manifest import Manifest
from core.config import require_folder, settings
from core.errors import Conflict, InputProblem, SettingsError
from core.models import AuditEntry, SendingHold

HOLD = "sending_hold"


def restore(source: Path, key: bytes, *, without_key: bool = False) -> Manifest:
    """Unpack and check everything first; only then is there a database, with the hold in it from the beginning.

    One that was killed after that goes on: the same command again finishes it.
    """
    about = archives.read_manifest(source, key)
    _refuse_other(about)
    _require_keys(about, without_key=without_key)
    if not _is_placed(about):
        _refuse_full()
        _place_all(source, key, about)
    if migrations.current() == about.schema:
        _check(about)
    migrations.upgrade(without_backup=True)  # the file just restored is one
    return about


def check(source: Path, key: bytes) -> Manifest:
    """Whether it could be restored, as far as the file itself can tell; changes nothing."""
    with _scratch() as scratch:
        about = archives.unpack(source, key, scratch)
        for name, kind in about.databases.items():
            if kind == "sqlite":
                sqlite_store.check(scratch / name)
    return about


def _refuse_other(about: Manifest) -> None:
    urls = making.databases()
    for name, kind in about.databases.items():
        if name not in urls or making.kind(urls[name]) != kind:
            raise InputProblem(
                f"This backup holds a {kind} database ({name}); the settings name another kind of it. From SQLite to "
                "PostgreSQL: docs/operations.md, PostgreSQL."
            )
    if about.schema > migrations.newest() or HOLD not in about.census.rows:
        raise InputProblem(
            f"This backup was made by Firstkey {about.program} with tables of version {about.schema}, which this "
            "program cannot restore. Install that version and restore with it."
        )
    if "postgresql" in about.databases.values():
        postgresql_store.require_tools()


def _is_placed(about: Manifest) -> bool:
    """Whether this very backup is here, and nothing has happened in it since: then a restore was killed at its end."""
    if _is_empty(settings().database_url):
        return False
    with database.engine().connect() as connection:
        if not sa.inspect(connection).has_table(HOLD):
            return False
        restored_from = connection.scalar(sa.select(SendingHold.restored_from))  # type: ignore[call-overload]
        entries = connection.scalar(sa.select(sa.func.count()).select_from(AuditEntry))
    is_this = restored_from == datetime.fromisoformat(about.made_at)
    return is_this and entries == about.census.rows["audit_entry"]


def _refuse_full() -> None:
    for name, url in making.databases().items():
        if not _is_empty(url):
            how = "" if name == PEOPLE else _left_over("delete its file, or drop and create it on PostgreSQL")
            raise Conflict(
                f"There is something already in the database of {name}. Restore into an empty place only.{how}"
            )
    outbox = settings().var_folder / OUTBOX
    if outbox.exists() and any(outbox.iterdir()):
        raise Conflict(f"There are messages in {outbox}. Restore into an empty place only.{_left_over('delete it')}")


def _left_over(how: str) -> str:
    """The database of people comes last and is empty, so there is no school here yet."""
    return f" There is no school here yet: if a restore was broken off, {how}, and restore again."


def _is_empty(url: str) -> bool:
    if making.kind(url) == "postgresql":
        return postgresql_store.is_empty(url)
    return sqlite_store.is_empty(sqlite_store.path_of(url))


def _require_keys(about: Manifest, *, without_key: bool) -> None:
    """Keys are apart, so one may be forgotten. No new one is made here: it would only hide that."""
    path = keys.path()
    known = keys.known() if path is None or path.exists() else {}
    missing = sorted({about.key, *about.keys} - known.keys())
    if not missing or without_key:
        return
    made = f"This backup was made with the secret key {about.key}."
    if about.key not in missing:
        made = f"This backup needs older secret keys too, and they are not here: {', '.join(missing)}."
    where = f"put secret.key into {settings().var_folder}, or set FIRSTKEY_SECRET_KEY"
    here = f"The key here is {next(iter(known))}" if known else "There is no key here"
    raise SettingsError(
        f"{made} {here}: {where}, and restore again. Without it the "
        "links in letters, the authenticator apps and the audit of before open no more; if it is lost for good, "
        "restore with --without-key, which ends them."
    )


def _place_all(source: Path, key: bytes, about: Manifest) -> None:
    """The database of people last: without it there is no school."""
    with _scratch() as scratch:
        archives.unpack(source, key, scratch)
        for name, kind in about.databases.items():
            if kind == "sqlite":
                sqlite_store.check(scratch / name)
        if (scratch / OUTBOX).exists():
            (scratch / OUTBOX).replace(settings().var_folder / OUTBOX)
        for name in sorted(about.databases, key=lambda each: each == PEOPLE):
            _place(name, scratch / name, made_at=datetime.fromisoformat(about.made_at))


def _place(name: str, copied: Path, *, made_at: datetime) -> None:
    url = making.databases()[name]
    held = _hold(made_at) if name == PEOPLE else []
    if making.kind(url) == "postgresql":
        postgresql_store.place(url, copied, then=held)
        return
    if held:
        sqlite_store.run(copied, held)
    sqlite_store.place(copied, sqlite_store.path_of(url))


def _hold(made_at: datetime) -> list[str]:
    """Nothing is sent, nobody is signed in or reminded: written before anybody can use the database, so in SQL that
    both understand.
    """
    moments = [f"{moment.replace(tzinfo=None).isoformat(' ', 'microseconds')}" for moment in (clock.now(), made_at)]
    if making.kind(settings().database_url) == "postgresql":
        moments = [f"{moment}+00" for moment in moments]
    values = f"1, '{moments[0]}', 'restore', '{moments[1]}'"
    insert = f"INSERT INTO {HOLD} (id, since, by_label, restored_from) VALUES ({values})"  # our own words and moments
    quiet = ["DELETE FROM sign_in_session", "UPDATE school_settings SET reminders = false"]
    return [f"DELETE FROM {HOLD}", insert, *quiet]


def _check(about: Manifest) -> None:
    """The law of conservation: what went in came out, each message once and as it was."""
    database.forget()
    with database.engine().connect() as connection:
        found = census.take(connection)
    for changed in (HOLD, "sign_in_session"):
        found.rows[changed] = about.census.rows[changed]
    if wrong := census.difference(about.census, found):
        raise InputProblem(f"What was restored is not what was backed up: {wrong}. Do not start Firstkey with it.")


@contextmanager
def _scratch() -> Iterator[Path]:
    """On the same disk as the place, so that putting it there is one step."""
    folder = require_folder()
    for left in folder.glob(".restore-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder) as made:
        yield Path(made)
