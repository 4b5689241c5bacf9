"""Undoing that people left with an import: whoever was changed since is left alone."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, NotFound
from core.models import Account, ImportLeaver, ImportRun, Person, PersonStatus
from core.permissions import Actor, Permission
from core.rules.imports.leaving import UNDO_DAYS
from core.services import account_effects, audit, import_leavers


def undo_leavers(db: Session, actor: Actor, *, run_id: int) -> int:
    """Give people the status and the working account that they had; gives to how many. Links stay ended."""
    actor.require(Permission.IMPORT)
    account_effects.lock(db)
    run = db.get(ImportRun, run_id)
    if run is None or not run.left:
        raise NotFound("Nobody was marked as left by this import.")
    if run.applied_at + timedelta(days=UNDO_DAYS) < clock.now():
        raise Conflict(f"This was more than {UNDO_DAYS} days ago. Change the people themselves instead.")
    once = sa.update(ImportRun).where(col(ImportRun.id) == run_id, col(ImportRun.leavers_undone_at).is_(None))
    if account_effects.write(db, once.values(leavers_undone_at=clock.now())) != 1:
        raise Conflict("This is undone already.")
    mine = sa.and_(col(Person.id).in_(import_leavers.people(run)), col(Person.status) == PersonStatus.LEFT)
    off = sa.select(col(Person.id)).where(mine, col(Person.id).in_(import_leavers.people(run, deactivated=True)))
    on = sa.update(Account).where(col(Account.person_id).in_(off), col(Account.deactivated_at) == run.applied_at)
    account_effects.write(db, on.values(deactivated_at=None))
    was = sa.select(col(ImportLeaver.status)).where(
        col(ImportLeaver.run_id) == run_id, col(ImportLeaver.person_id) == col(Person.id)
    )
    back = sa.update(Person).where(mine).values(status=was.scalar_subquery(), updated_at=clock.now())
    done = account_effects.write(db, back)
    db.expire_all()
    details = {"back": done, "left_alone": run.left - done}
    audit.record(db, actor, action="import.leavers_undone", object_kind="import_run", object_id=run_id, details=details)
    return done
