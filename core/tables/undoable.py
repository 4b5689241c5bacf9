"""Which acts on accounts somebody may still undo."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import AccountChange
from core.permissions import Actor, Role
from core.rules import account_acts
from core.rules.account_acts import UNDO_WITHIN, Edit

NEVER = (Edit.UNDO, Edit.SLIP_PRINTED)


def may_undo(actor: Actor, change: AccountChange) -> bool:
    """Within 24 hours and once: whoever made it, or an administrator."""
    act = account_acts.known(change.act)
    theirs = change.made_by == actor.account_id or Role.ADMINISTRATOR in actor.roles
    open_still = act not in NEVER and change.undone_at is None and change.made_at + UNDO_WITHIN >= clock.now()
    return theirs and open_still and actor.may(account_acts.permission(act))


def newest(db: Session, actor: Actor) -> AccountChange | None:
    """The last act of one's own, while it can be undone."""
    query = sa.select(AccountChange).where(
        col(AccountChange.made_by) == actor.account_id,
        col(AccountChange.made_at) >= clock.now() - UNDO_WITHIN,
        col(AccountChange.undone_at).is_(None),
        col(AccountChange.act).not_in(NEVER),
    )
    change = db.scalars(query.order_by(col(AccountChange.id).desc()).limit(1)).first()
    return change if change is not None and may_undo(actor, change) else None
