"""A message for several people of whom some are left out: it goes on to the others, and these keep a line of theirs."""

from __future__ import annotations

import secrets
from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Message, MessageAccount, MessageStatus


def take_out(db: Session, *, message_id: int, account_ids: Collection[int], why: str) -> None:
    """These people of a message are not in it any more; a cancelled one of their own says why in the outcome."""
    shared = db.get_one(Message, message_id)
    same = {name: getattr(shared, name) for name in ("campaign_id", "batch", "channel", "address", "language")}
    own = Message(**same, reference=secrets.token_hex(16), status=MessageStatus.CANCELLED, detail=why)
    own.finished_at = clock.now()
    db.add(own)
    db.flush()
    theirs = (col(MessageAccount.message_id) == message_id, col(MessageAccount.account_id).in_(account_ids))
    moved = sa.update(MessageAccount).where(*theirs).values(message_id=own.id)
    db.execute(moved.execution_options(synchronize_session=False))
