"""What follows for people who leave with an import: marked as left, their accounts switched off, all of it undoable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Account, ImportLeaver, ImportRun, Person, PersonStatus, Superseded
from core.rules.imports.world import Row
from core.services import account_effects

_QUIET = {"synchronize_session": False}


def mark(db: Session, run: ImportRun, rows: Sequence[Row]) -> None:
    """Mark them as left, remember what they were, and end what their accounts could open."""
    if not rows:
        return
    account_effects.lock(db)
    working = _with_working_account(db, [row["id"] for row in rows])
    kept = [
        {"run_id": run.id, "person_id": row["id"], "status": row["status"], "deactivated": row["id"] in working}
        for row in rows
    ]
    database.insert(db, sa.insert(ImportLeaver), kept)
    left = {"status": PersonStatus.LEFT.value, "updated_at": run.applied_at}
    _write(db, sa.update(Person).where(col(Person.id).in_(people(run))).values(**left))
    accounts = sa.select(col(Account.id)).where(col(Account.person_id).in_(people(run, deactivated=True)))
    _write(db, sa.update(Account).where(col(Account.id).in_(accounts)).values(deactivated_at=run.applied_at))
    account_effects.end_links(db, accounts, because=Superseded.DEACTIVATED, at=run.applied_at)
    account_effects.end_sessions(db, accounts, at=run.applied_at)


def people(run: ImportRun, *, deactivated: bool = False) -> sa.Select[Any]:
    """The ids of those who left with an import; `deactivated`: whose account was switched off with it."""
    mine = sa.select(col(ImportLeaver.person_id)).where(col(ImportLeaver.run_id) == run.id)
    return mine.where(col(ImportLeaver.deactivated)) if deactivated else mine


def _with_working_account(db: Session, person_ids: list[int]) -> set[int]:
    found: set[int] = set()
    for part in database.slices(person_ids):
        mine = sa.select(col(Account.person_id)).where(col(Account.person_id).in_(part))
        found |= set(db.scalars(mine.where(col(Account.deactivated_at).is_(None))))
    return found


def _write(db: Session, statement: Any) -> None:
    db.execute(statement.execution_options(**_QUIET))
