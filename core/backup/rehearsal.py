"""A copy of the school in which an upgrade is tried out; nothing is left of it afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from core import clock, database
from core.backup import postgresql_store, sqlite_store
from core.config import settings
from core.errors import Conflict, InputProblem

_BESIDE = "On SQLite the copy is made beside the database: leave --on out."
_HOW = (
    "On PostgreSQL an upgrade is tried out in a database of its own on the same server. Make an empty one, and name it "
    "with --on: see docs/operations.md, Trying an upgrade on PostgreSQL."
)
_PREFIX, _A_DAY = ".rehearsal-", timedelta(days=1)


@contextmanager
def copied(on: str) -> Iterator[tuple[str, str]]:
    """The address of the copy, and a folder. `on`: the empty database that takes it, where the school's is PostgreSQL.

    What an earlier one left behind that was killed goes by itself; of its database it is said that it is not empty.
    """
    forget_old()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=settings().var_folder) as folder:
        if database.is_sqlite():
            yield _beside(Path(folder), on), folder
            return
        copy = _empty(on)
        try:
            _fill(copy, Path(folder) / "people.sql")
            yield copy, folder
        finally:
            postgresql_store.clear(copy)


def forget_old() -> int:
    """Copies that were left behind a day ago; gives how many."""
    moment = (clock.now() - _A_DAY).timestamp()
    left = [path for path in settings().var_folder.glob(f"{_PREFIX}*") if path.stat().st_mtime < moment]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


def _beside(folder: Path, on: str) -> str:
    if on:
        raise InputProblem(_BESIDE)
    sqlite_store.copy(sqlite_store.path_of(settings().database_url), folder / "firstkey.db")
    return f"sqlite:///{folder}/firstkey.db"


def _empty(on: str) -> str:
    if not on:
        raise InputProblem(_HOW)
    copy = sa.make_url(settings().database_url).set(database=on).render_as_string(hide_password=False)
    if not postgresql_store.is_empty(copy) or postgresql_store.removals(copy):
        raise Conflict(f"There is something in {on} already. Nothing was changed: name an empty database.")
    return copy


def _fill(copy: str, dump: Path) -> None:
    """The dump is gone before the upgrade begins, so room is needed once."""
    postgresql_store.copy(settings().database_url, dump)
    postgresql_store.place(copy, dump, then=())
    dump.unlink()
