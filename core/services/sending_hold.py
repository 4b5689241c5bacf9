"""Holding all sending: a person's emergency stop, and the state in which a restored database begins."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import Conflict
from core.models import Account, Campaign, Message, MessageAccount, MessageStatus, SendingHold
from core.models.messaging import CARRIES_NOTHING
from core.permissions import Actor, Permission
from core.services import audit
from core.tables import sending_hold

_SILENT = {"synchronize_session": False}
_WHY = "it waited when the backup was made that was restored since"


def begin(db: Session, actor: Actor) -> None:
    """Nothing leaves any more, whatever is under way, until an administrator says go."""
    actor.require(Permission.SEND)
    if sending_hold.read(db) is not None:
        raise Conflict("Sending is held already.")
    db.add(SendingHold(id=1, since=clock.now(), by_label=actor.label))
    audit.record(db, actor, action="sending.held", object_kind="school")


def release(db: Session, actor: Actor) -> int:
    """Go. After a restore, what waited in the backup may have gone out since: gives how many became unknown."""
    actor.require(Permission.CHANGE_SETTINGS)
    actor.require_fresh()
    hold = db.get(SendingHold, 1, with_for_update=True)
    if hold is None:
        raise Conflict("Somebody was quicker: sending is not held any more.")
    doubtful = _doubt(db, hold) if hold.restored_from else 0
    db.delete(hold)
    audit.record(db, actor, action="sending.released", object_kind="school", details={"unknown": doubtful})
    return doubtful


def _doubt(db: Session, hold: SendingHold) -> int:
    """A person decides about each campaign, as about everything of which nobody knows whether it was sent."""
    waiting = sending_hold.waited(hold)
    told = sa.select(col(MessageAccount.account_id)).join(Campaign, col(Campaign.id) == col(MessageAccount.campaign_id))
    told = told.where(
        col(Campaign.kind).not_in(CARRIES_NOTHING),
        col(MessageAccount.message_id).in_(sa.select(col(Message.id)).where(waiting)),
    )
    accounts = sa.update(Account).where(col(Account.id).in_(told)).values(delivery=MessageStatus.UNKNOWN.value)
    db.execute(accounts.execution_options(**_SILENT))
    values = {"status": MessageStatus.UNKNOWN.value, "detail": _WHY, "finished_at": clock.now()}
    changed = db.execute(sa.update(Message).where(waiting).values(values).execution_options(**_SILENT))
    return int(changed.rowcount)  # type: ignore[attr-defined]
