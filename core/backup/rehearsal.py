"""A copy of the school in which an upgrade is tried out; nothing is left of it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core import database
from core.backup import postgresql_store, sqlite_store
from core.config import settings
from core.errors import Conflict, InputProblem

_BESIDE = "On SQLite the copy is made beside the database: leave --on out."
_HOW = (
    "On PostgreSQL an upgrade is tried out in a database of its own. Make an empty one, and name it with --on: see "
    "docs/operations.md, Upgrading."
)


@contextmanager
def copied(folder: Path, on: str) -> Iterator[str]:
    """The address of the copy. `on`: the empty database that takes it where the school's is PostgreSQL."""
    if database.is_sqlite():
        if on:
            raise InputProblem(_BESIDE)
        copy = folder / "firstkey.db"
        sqlite_store.copy(sqlite_store.path_of(settings().database_url), copy)
        yield f"sqlite:///{copy}"
        return
    _require_empty(on)
    try:
        _fill(on, folder / "people.sql")
        yield on
    finally:
        postgresql_store.clear(on)


def _require_empty(on: str) -> None:
    if not on:
        raise InputProblem(_HOW)
    if not postgresql_store.is_empty(on):
        raise Conflict("There is something in that database already. Nothing was changed: name an empty one.")


def _fill(on: str, dump: Path) -> None:
    """The dump is gone before the upgrade begins: room is needed once."""
    postgresql_store.copy(settings().database_url, dump)
    postgresql_store.place(on, dump, then=())
    dump.unlink()
