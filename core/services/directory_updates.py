"""Keeping Microsoft's directory up to date with the school, where the school wants that: seen first, or at night."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.config import settings
from core.errors import Conflict
from core.models import Account, DirectoryChange, DirectoryRun, DirectoryRunKind, SchoolSettings, SignInMethod
from core.permissions import Actor, Permission, system
from core.rules import directory_updates
from core.rules.directory_updates import Update
from core.services import audit, directory_attempts
from core.tables import directory_links, directory_runs, school

NIGHTLY = system("directory, at night")


def foresee(db: Session, actor: Actor) -> list[Update]:
    """What would be changed there at this moment; nothing where the school syncs only on creation."""
    actor.require(Permission.MANAGE_DIRECTORY)
    return _found(db)


def launch(db: Session, actor: Actor, *, seen: str) -> int:
    """Queue just what was seen; gives the id of the run. The engine does it after the commit."""
    actor.require(Permission.MANAGE_DIRECTORY)
    actor.require_fresh()
    run = directory_attempts.ask(db, actor, kind=DirectoryRunKind.UPDATE)
    found = _found(db)
    if directory_updates.seen(found) != seen or not found:
        raise Conflict(f"The list has changed: now {len(found):,} would be updated. Look at it again.")
    _queue(db, actor, run, found)
    return run.id or 0


def look_up_at_night(db: Session) -> bool:
    """Begin the look-up of the night, after which names are updated; whether it was due."""
    own = school.settings(db)
    if not (_is_continuous(own) and settings().microsoft_is_set_up) or directory_runs.under_way(db):
        return False
    newest, now = directory_runs.newest(db, kind=DirectoryRunKind.LOOK_UP), clock.now()
    if not directory_updates.is_due(newest.asked_at if newest else None, now.astimezone(ZoneInfo(own.time_zone))):
        return False
    run = directory_attempts.ask(db, NIGHTLY, kind=DirectoryRunKind.LOOK_UP)
    audit.record(db, NIGHTLY, action="directory.looked_up", object_kind="directory_run", object_id=run.id)
    return True


def after_look_up(db: Session) -> int:
    """Queue what may be done with nobody looking; gives how many. The rest waits on the page."""
    found = directory_updates.by_itself(_found(db))
    if found and not directory_runs.under_way(db):
        _queue(db, NIGHTLY, directory_attempts.ask(db, NIGHTLY, kind=DirectoryRunKind.UPDATE), found)
        return len(found)
    return 0


def _found(db: Session) -> list[Update]:
    own = school.settings(db)
    if not _is_continuous(own) or directory_runs.fresh_look_up(db) is None:
        return []
    linked = directory_links.linked(db, school.policy(own))
    return directory_updates.updates(linked, switched_off=directory_links.switched_off(db))


def _is_continuous(own: SchoolSettings) -> bool:
    """Nobody of the demo is changed anywhere."""
    return own.microsoft and not own.microsoft_only_on_creation and not own.is_demo


def _queue(db: Session, actor: Actor, run: DirectoryRun, found: Sequence[Update]) -> None:
    microsoft = col(Account.sign_in_method) == SignInMethod.MICROSOFT
    for part in database.slices(found):
        db.execute(sa.insert(DirectoryChange), [_row(update, run) for update in part])
        theirs = col(Account.person_id).in_([update.person_id for update in part])
        db.execute(sa.update(Account).where(theirs, microsoft).values(pending_provider_at=clock.now()))
    audit.record(
        db,
        actor,
        action="directory.update_launched",
        object_kind="directory_run",
        object_id=run.id,
        details={"count": len(found)},
        people=[update.person_id for update in found],
    )


def _row(update: Update, run: DirectoryRun) -> dict[str, Any]:
    user = update.user
    names = {"given_name": update.given_name, "surname": update.surname, "is_enabled": update.is_enabled}
    same = {"address": user.address, "employee_id": user.employee_id, "object_id": user.object_id}
    return {"run_id": run.id, "person_id": update.person_id, "created_at": run.asked_at} | same | names
