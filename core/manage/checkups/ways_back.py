"""Backups: whether the next one can be made, and how old the latest is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from core import clock, database
from core.backup import postgresql_store, sealed_files
from core.config import Settings
from core.errors import SettingsError
from core.manage.checkups.findings import Finding, fault, fine, warning
from core.tables import backups as table

_NIGHTLY = "Make one a night: docs/operations.md, Backups."


def place(settings: Settings) -> Iterator[Finding]:
    """Whether the folder takes a backup and the key can seal it, where either is named in the settings."""
    folder, key_file = settings.backup_folder, settings.backup_key_file
    if not (folder or key_file):
        return
    if not (folder and key_file):
        lacks = "FIRSTKEY_BACKUP_KEY_FILE" if folder else "FIRSTKEY_BACKUP_FOLDER"
        yield fault("backup", f"The nightly one cannot be made: {lacks} is not set.", "docs/operations.md, Backups.")
    elif not _takes_files(Path(folder)):
        sentence = f"The nightly one cannot be made: {folder} is not there, or Firstkey may not write into it."
        yield fault("backup", sentence, f"Run: install -d -m 700 -o firstkey -g firstkey {folder}")
    else:
        yield _key(Path(key_file), folder)


def tools(settings: Settings) -> Iterator[Finding]:
    """Whether what backs PostgreSQL up is there and reads this server; perhaps another machine makes the backups."""
    if database.is_sqlite():
        return
    server = postgresql_store.server_version(database.engine())
    remedy = (
        f"Install those of version {server} (on Debian: postgresql-client, from apt.postgresql.org where the server is "
        "newer), or make the backups on another machine."
    )
    wrong = fault if settings.backup_folder else warning
    try:
        postgresql_store.require_tools()
        ours = postgresql_store.dump_version()
    except SettingsError as missing:
        yield wrong("backup", str(missing), remedy)
        return
    if ours < server:
        yield wrong("backup", f"pg_dump {ours} cannot read a server of version {server}.", remedy)
    else:
        yield fine("backup", f"pg_dump {ours} reads the server")


def latest(*, is_demo: bool) -> Iterator[Finding]:
    """Whether there is a way back."""
    with database.reading() as db:
        made_at = table.latest(db)
    if made_at is None:
        yield fine("backup", "a demo needs none") if is_demo else warning("backup", "There is none yet.", _NIGHTLY)
        return
    hours = (clock.now() - made_at).total_seconds() / 3600
    said = f"the latest is {hours:.0f} hours old"
    yield warning("backup", f"{said.capitalize()}.", _NIGHTLY) if hours > 48 else fine("backup", said)


def _takes_files(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def _key(path: Path, folder: str) -> Finding:
    try:
        sealed_files.key_from(path)
    except SettingsError:
        return fault("backup", f"The nightly one cannot be made: {path} holds no key that can be read.", _remedy())
    return fine("backup", f"{folder} takes them, and the key can be read")


def _remedy() -> str:
    """A new key would make the backups that there are worthless."""
    with database.reading() as db:
        has_backups = table.latest(db) is not None
    if has_backups:
        return "Put the key back from the school's safe; older backups open with it alone."
    return "Make one: docs/operations.md, Backups."
