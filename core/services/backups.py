"""What the audit and the restored school say about a backup; the copying itself is core.backup."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import SchoolSettings, SignInSession
from core.permissions import Actor, Permission
from core.services import audit


def note_made(db: Session, actor: Actor, *, size: int, key: str) -> None:
    """A backup lies in its place."""
    actor.require(Permission.CHANGE_SETTINGS)
    audit.record(db, actor, action="backup.made", object_kind="school", details={"bytes": size, "key": key})


def note_moved(db: Session, actor: Actor) -> None:
    """The school was carried into another database, with everything in it."""
    actor.require(Permission.CHANGE_SETTINGS)
    audit.record(db, actor, action="school.moved", object_kind="school")


def note_restored(db: Session, actor: Actor, *, made_at: datetime) -> None:
    """The school is as it was then: nobody is signed in, and reminders wait until somebody starts them again.

    A session that was ended since would live again; who was reminded since would be reminded again.
    """
    actor.require(Permission.CHANGE_SETTINGS)
    db.execute(sa.delete(SignInSession).execution_options(synchronize_session=False))
    off = sa.update(SchoolSettings).where(col(SchoolSettings.id) == 1).values(reminders=False)
    db.execute(off.execution_options(synchronize_session=False))
    audit.record(db, actor, action="backup.restored", object_kind="school", details={"made_at": made_at.isoformat()})
