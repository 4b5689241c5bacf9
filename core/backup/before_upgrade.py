"""A way back from an upgrade: the database as it was, before its tables are changed (F19)."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from core import clock, database
from core.backup import sqlite_store
from core.config import command, require_folder, settings
from core.errors import SettingsError

KEPT, RECENT = 3, timedelta(hours=24)
KEPT_FOR = timedelta(days=35)  # as long as backups: who was erased must not live on in a copy (R102)


def secure(version: str) -> Path | None:
    """Copy a SQLite file beside itself; of PostgreSQL ask for a backup of today. Raises SettingsError without one."""
    if database.is_sqlite():
        return _copy(version)
    made = _latest_backup()
    if made is None or made < clock.now() - RECENT:
        raise SettingsError(
            f"The tables are of version {version} and have to be brought up to date, and there is no backup of the "
            f"last 24 hours. Make one with: {command('backup')}, then start again. To go on without one: "
            f"{command('upgrade --without-backup')}"
        )
    return None


def folder() -> Path:
    """Where the copies lie: the same people may read them as the database."""
    return settings().var_folder / "before-upgrade"


def _copy(version: str) -> Path:
    target = folder() / f"firstkey-{version}-{clock.now():%Y%m%d-%H%M%S}.db"
    unfinished = target.with_suffix(".new")
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder().glob("*.new"):
            left.unlink()
        sqlite_store.copy(sqlite_store.path_of(settings().database_url), unfinished)
        unfinished.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(
            f"The database could not be copied before the upgrade ({error}), so nothing was changed. "
            f"Is there room for another one in {folder()}?"
        ) from None
    for old in sorted(folder().glob("firstkey-*.db"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        old.unlink()
    return target


def forget_old() -> int:
    """Copies of more than five weeks ago; gives how many."""
    moment = (clock.now() - KEPT_FOR).timestamp()
    old = [path for path in folder().glob("firstkey-*.db") if path.stat().st_mtime < moment]
    for path in old:
        path.unlink()
    return len(old)


def note_backup() -> None:
    """Older tables cannot take the entry of the audit as this program writes it: a file tells of the backup instead."""
    require_folder()
    _note().write_text(clock.now().isoformat())


def _latest_backup() -> datetime | None:
    asked = sa.text("SELECT max(at) FROM audit_entry WHERE action = 'backup.made'")  # in tables of every version
    with database.engine().connect() as connection:
        audited: datetime | None = connection.scalar(asked)
    noted = datetime.fromisoformat(_note().read_text()) if _note().exists() else None
    return max((moment for moment in (audited, noted) if moment is not None), default=None)


def _note() -> Path:
    return settings().var_folder / "backup.before-upgrade"
