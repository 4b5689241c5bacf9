"""A SQLite database: copied while others write to it, looked over, put into its place."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from core.errors import InputProblem

WAIT_S = 60.0


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///")).resolve()


def copy(source: Path, target: Path) -> None:
    """One moment of the database, however much is written meanwhile: readers of WAL wait for nobody (F18)."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(handle)
    with closing(_opened(source, "ro")) as live, closing(_opened(target, "rw")) as made:
        live.backup(made)  # in one step: many small ones begin anew whenever somebody writes
        made.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
    check(target, "quick_check")


def check(path: Path, how: str = "integrity_check") -> None:
    """Raises InputProblem where the file is damaged."""
    with closing(_opened(path, "ro")) as database:
        try:
            (said,) = database.execute(f"PRAGMA {how}(1)").fetchone()
        except sqlite3.DatabaseError as error:
            said = str(error)
        if said != "ok":
            raise InputProblem(f"The database {path.name} is damaged ({said}).")


def run(path: Path, statements: Sequence[str]) -> None:
    """Change the copy before anybody uses it: all of it or nothing."""
    with closing(_opened(path, "rw")) as database, database:
        for statement in statements:
            database.execute(statement)


def is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def place(copied: Path, path: Path) -> None:
    """Only now is there a database; what an older one may have left beside it would be read as its log."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + left).unlink(missing_ok=True)
    arriving = path.with_name(f".{path.name}.arriving")
    shutil.move(copied, arriving)  # it may come from another disk
    arriving.replace(path)


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, timeout=WAIT_S)
