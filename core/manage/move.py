"""`move-to-postgresql`: a school that began on SQLite goes on there, whole or not at all."""

from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from sqlmodel import Session

from core import database, migrations
from core.backup import moving
from core.config import require_folder
from core.errors import Conflict, InputProblem
from core.permissions import command_line
from core.services import audit, backups
from core.services.audit_chain import Verdict
from core.tables import keys_in_use


def move_to_postgresql(
    file: Annotated[Path, typer.Argument(help="The SQLite database that the school has until now.")],
) -> None:
    """Carry a school from its SQLite file into the empty PostgreSQL database that the settings name."""
    if database.is_sqlite():
        raise InputProblem("FIRSTKEY_DATABASE_URL still names SQLite. Let it name the PostgreSQL database first.")
    require_folder()
    started = time.perf_counter()
    with moving.opened(file.resolve()) as source, Session(source) as old:
        _refuse(source)
        keys_in_use.require(old)
        migrations.upgrade()
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            _refuse_full(db.connection())
            moved = moving.copy(source, db.connection())
            verdict = _verified(old, db)
            backups.note_moved(db, command_line(getpass.getuser()))
    with database.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))  # without statistics the first day would be slow
    print(f"Moved in {time.perf_counter() - started:.1f} s: {sum(moved.rows.values()):,} rows, all of them counted.")
    print(_said(verdict))
    print(f"Now start Firstkey. {file} is as it was: once all is well, delete it, erased people would live on in it.")


def _refuse(source: sa.Connection) -> None:
    """Both sides have the tables of this program."""
    there = sa.inspect(source).has_table("alembic_version")
    version = source.scalar(sa.text("SELECT version_num FROM alembic_version")) if there else None
    if version != migrations.newest():
        raise InputProblem(
            f"The tables of the SQLite database are of version {version or 'none'}, this program wants "
            f"{migrations.newest()}. Start this version of Firstkey with it once, then move."
        )


def _refuse_full(target: sa.Connection) -> None:
    if not moving.is_empty(target):
        raise Conflict("There is something already in the PostgreSQL database. Move into an empty one only.")


def _verified(old: Session, new: Session) -> Verdict:
    """What the chain of the audit says must be the same on both sides."""
    before, after = audit.verify(old), audit.verify(new)
    if before != after:
        raise InputProblem(f"The audit did not arrive as it was: {after.why}. Nothing was changed.")
    return after


def _said(verdict: Verdict) -> str:
    if verdict.broken_at is None:
        return f"The audit is whole: {verdict.entries:,} entries."
    return f"The audit is broken at entry {verdict.broken_at}, as it was before: {verdict.why}."


COMMANDS = {"move-to-postgresql": move_to_postgresql}
