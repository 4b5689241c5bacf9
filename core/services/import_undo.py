"""Undoing that people left or came back with an import: whoever was changed since is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict, NotFound
from core.models import Account, ImportLeaver, ImportReturn, ImportRun, Person, PersonStatus, Superseded
from core.permissions import Actor, Permission
from core.rules.imports.leaving import UNDO_DAYS
from core.services import account_effects, audit, import_leavers


@dataclass(frozen=True)
class Undone:
    """How many are back, how many are gone again, and how many were changed since and stay as they are."""

    back: int
    gone: int
    left_alone: int


def undo_leavers(db: Session, actor: Actor, *, run_id: int) -> Undone:
    """Give people the status and the account that they had before. Links stay ended."""
    actor.require(Permission.IMPORT)
    account_effects.lock(db)
    run = db.get(ImportRun, run_id)
    if run is None or not (run.left or run.returned):
        raise NotFound("Nobody left or came back with this import.")
    if run.applied_at + timedelta(days=UNDO_DAYS) < clock.now():
        raise Conflict(f"This was more than {UNDO_DAYS} days ago. Change the people themselves instead.")
    once = sa.update(ImportRun).where(col(ImportRun.id) == run_id, col(ImportRun.leavers_undone_at).is_(None))
    if account_effects.write(db, once.values(leavers_undone_at=clock.now())) != 1:
        raise Conflict("This is undone already.")
    back, gone = _bring_back(db, run), _let_go(db, run)
    done = Undone(len(back), len(gone), run.left + run.returned - len(back) - len(gone))
    db.expire_all()
    details = {"back": done.back, "gone": done.gone, "left_alone": done.left_alone}
    audit.record(
        db,
        actor,
        action="import.leavers_undone",
        object_kind="import_run",
        object_id=run_id,
        details=details,
        people=[*back, *gone] or None,
    )
    return done


def _bring_back(db: Session, run: ImportRun) -> Sequence[int]:
    mine = sa.and_(col(Person.id).in_(import_leavers.people(run)), col(Person.status) == PersonStatus.LEFT)
    off = sa.select(col(Person.id)).where(mine, col(Person.id).in_(import_leavers.people(run, deactivated=True)))
    on = sa.update(Account).where(col(Account.person_id).in_(off), col(Account.deactivated_at) == run.applied_at)
    account_effects.write(db, on.values(deactivated_at=None))
    return _write(db, run, mine, was=col(ImportLeaver.status), of=ImportLeaver)


def _let_go(db: Session, run: ImportRun) -> Sequence[int]:
    """Their accounts are off from now on by somebody's hand, so that no later file switches them on again."""
    if not run.returned:
        return ()
    still = sa.select(col(ImportReturn.person_id)).join(Person, col(Person.id) == col(ImportReturn.person_id))
    still = still.where(col(ImportReturn.run_id) == run.id, col(Person.status) == col(ImportReturn.after))
    reopened = col(Account.person_id).in_(still.where(col(ImportReturn.reopened)))
    accounts, at = sa.select(col(Account.id)).where(reopened, col(Account.deactivated_at).is_(None)), clock.now()
    stakes = account_effects.administrators_among(db, accounts)
    account_effects.end_links(db, accounts, because=Superseded.DEACTIVATED, at=at)
    account_effects.end_sessions(db, accounts, at=at)
    account_effects.write(db, sa.update(Account).where(col(Account.id).in_(accounts)).values(deactivated_at=at))
    if stakes:
        account_effects.administrator_stays(db)
    return _write(db, run, col(Person.id).in_(still), was=col(ImportReturn.before), of=ImportReturn)


def _write(db: Session, run: ImportRun, whom: Any, *, was: Any, of: type[ImportLeaver | ImportReturn]) -> Sequence[int]:
    """Give people the status of before; gives whom."""
    then = sa.select(was).where(col(of.run_id) == run.id, col(of.person_id) == col(Person.id))
    change = sa.update(Person).where(whom).values(status=then.scalar_subquery(), updated_at=clock.now())
    whose = db.scalars(change.returning(col(Person.id)).execution_options(synchronize_session=False))
    return [person_id or 0 for person_id in whose]
