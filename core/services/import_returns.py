"""What follows for people who had left and are in the files again; all of it undoable."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Account, ImportReturn, ImportRun
from core.rules.imports.plan import Plan
from core.services import account_effects


def welcome(db: Session, run: ImportRun, plan: Plan) -> None:
    """Remember who came back, and switch on the accounts that their leaving had switched off. Links stay ended."""
    kept = [
        {
            "run_id": run.id,
            "person_id": each.row["id"],
            "before": each.row["status"],
            "after": each.after,
            "reopened": each.reopens,
        }
        for each in plan.returning
    ]
    if kept:
        database.insert(db, sa.insert(ImportReturn), kept)
        mine = sa.update(Account).where(col(Account.person_id).in_(people(run, reopened=True)))
        account_effects.write(db, mine.values(deactivated_at=None))


def people(run: ImportRun, *, reopened: bool = False) -> sa.Select[Any]:
    """The ids of those who came back with an import; `reopened`: whose account was switched on with it."""
    mine = sa.select(col(ImportReturn.person_id)).where(col(ImportReturn.run_id) == run.id)
    return mine.where(col(ImportReturn.reopened)) if reopened else mine
