"""What an account knows of its latest message, when word of it comes after it was handed over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import Session

from core import clock
from core.models import FailureReason, MessageStatus, metadata
from core.models.messaging import CARRIES_NOTHING
from core.services import delivery_statements as statements

_account, _campaign, _message, _tie = (
    metadata.tables[name] for name in ("account", "campaign", "message", "message_account")
)
_GONE = [status.value for status in MessageStatus if status in ("sent", "delivered", "failed", "unknown")]


def gone(db: Session, *, message_id: int, address: str, status: MessageStatus) -> None:
    """The message went out, and nobody here knew before: its people are invited from now on."""
    facts = {"message": message_id, "after": status.value, "why": None, "where": address, "now": clock.now()}
    db.connection().execute(statements.INVITED, facts)


def outcome(
    db: Session,
    *,
    message_id: int,
    address: str,
    status: MessageStatus,
    reason: FailureReason | None,
    claimed_at: datetime | None,
    but: Collection[int] = (),
) -> None:
    """What became of a message that counted already, for its people without `but`.

    Nothing where a later one has gone out since.
    """
    why = reason.value if reason else None
    facts = {"message": message_id, "after": status.value, "why": why, "where": address, "claimed": claimed_at}
    db.connection().execute(_OUTCOME_OF_THE_LATEST, facts | {"but": list(but)})


def _later_message() -> sa.Exists:
    later, tie = _message.alias("later"), _tie.alias("later_tie")
    return (
        sa.select(later.c.id)
        .join(tie, tie.c.message_id == later.c.id)
        .join(_campaign, _campaign.c.id == later.c.campaign_id)
        .where(tie.c.account_id == _account.c.id, later.c.id != bindparam("message"))
        .where(later.c.claimed_at > bindparam("claimed", type_=_message.c.claimed_at.type))
        .where(later.c.status.in_(_GONE), _campaign.c.kind.not_in(sorted(CARRIES_NOTHING)))
        .exists()
    )


_OTHERS = _account.c.id.not_in(bindparam("but", expanding=True))
_OUTCOME_OF_THE_LATEST = statements.OUTCOME.where(~_later_message(), _OTHERS)
