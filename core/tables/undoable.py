"""Which acts somebody may still undo: those on accounts, and *Use Personal E-mail* of students."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import NotFound
from core.models import AccountChange, AuditEntry
from core.models.columns import UtcDateTime
from core.permissions import Actor, Permission, Role
from core.rules import account_acts
from core.rules.account_acts import UNDO_WITHIN, Edit
from core.tables import selection_rows
from core.tables.unindexed import Unindexed

NEVER = (Edit.UNDO, Edit.SLIP_PRINTED)
_WHO, _SINCE = sa.bindparam("account_id", type_=sa.Integer()), sa.bindparam("since", type_=UtcDateTime())
# Both are made once: the lists ask at each draw.
_CHANGE = (
    sa.select(AccountChange)
    .where(col(AccountChange.made_by) == _WHO, col(AccountChange.made_at) >= _SINCE)
    .where(col(AccountChange.undone_at).is_(None), col(AccountChange.act).not_in(NEVER))
    .order_by(col(AccountChange.id).desc())
    .limit(1)
)
_SWITCH = (  # walks the day by its index, not all that one ever did
    sa.select(AuditEntry)
    .where(Unindexed(col(AuditEntry.account_id)) == _WHO, col(AuditEntry.at) >= _SINCE)
    .where(Unindexed(col(AuditEntry.action)) == "students.use_personal_email", col(AuditEntry.result) == "done")
    .order_by(col(AuditEntry.at).desc(), col(AuditEntry.seq).desc())
    .limit(1)
)


@dataclass(frozen=True)
class Switch:
    """*Use Personal E-mail* as it was switched, and the selection of just those students."""

    selection_id: int
    on: bool
    made_at: datetime


def may_undo(actor: Actor, change: AccountChange) -> bool:
    """Within 24 hours and once: whoever made it, or an administrator."""
    act = account_acts.known(change.act)
    theirs = change.made_by == actor.account_id or Role.ADMINISTRATOR in actor.roles
    open_still = act not in NEVER and change.undone_at is None and change.made_at + UNDO_WITHIN >= clock.now()
    return theirs and open_still and actor.may(account_acts.permission(act))


def newest(db: Session, actor: Actor) -> AccountChange | None:
    """The last act of one's own, while it can be undone."""
    since = {"account_id": actor.account_id, "since": clock.now() - UNDO_WITHIN}
    change: AccountChange | None = db.execute(_CHANGE, since).scalar()
    return change if change is not None and may_undo(actor, change) else None


def newest_switch(db: Session, actor: Actor) -> Switch | None:
    """The last time that one switched *Use Personal E-mail*, within a day, if that was no undoing itself."""
    if not actor.may(Permission.EDIT_STUDENTS):
        return None
    since = {"account_id": actor.account_id, "since": clock.now() - UNDO_WITHIN}
    entry: AuditEntry | None = db.execute(_SWITCH, since).scalar()
    if entry is None or entry.object_id is None or "undo" in entry.details or not entry.details.get("changed"):
        return None
    return Switch(entry.object_id, bool(entry.details["on"]), entry.at) if _is_theirs(db, actor, entry) else None


def _is_theirs(db: Session, actor: Actor, entry: AuditEntry) -> bool:
    """Whether it names a selection of just those students: before 0.15 it named what the list had selected."""
    try:
        return selection_rows.stands_beside(db, actor, selection_id=entry.object_id or 0)
    except NotFound:
        return False
