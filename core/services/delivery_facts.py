"""What an account knows of its latest message."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import Session

from core import clock
from core.models import FailureReason, MessageStatus, metadata
from core.models.messaging import CARRIES_NOTHING, NO_INVITATION
from core.services import delivery_statements as statements

_account, _campaign, _message, _tie = (
    metadata.tables[name] for name in ("account", "campaign", "message", "message_account")
)
_GONE = [status.value for status in MessageStatus if status in ("sent", "delivered", "failed", "unknown")]


@dataclass(frozen=True)
class News:
    """What became of a message. `is_new`: it went out, and nobody here knew before."""

    message_id: int
    address: str
    status: MessageStatus
    reason: FailureReason | None = None
    is_new: bool = False


def hear(db: Session, news: Sequence[News]) -> None:
    """The accounts of these messages know what became of them; those of a new one are invited from now on.

    A notice says nothing of where an account is reached, and a question about an address invites nobody.
    """
    by_message = {one.message_id: one for one in news}
    now, invited, others = clock.now(), list[dict[str, Any]](), list[dict[str, Any]]()
    for message_id, account_id, kind in _people(db, by_message):
        one = by_message[message_id]
        facts = _facts(one, account_id)
        if one.is_new and kind not in NO_INVITATION:
            invited.append(facts | {"message": message_id, "now": now})
        elif not one.is_new and kind not in CARRIES_NOTHING:
            others.append(facts)
    _write(db, statements.INVITED, invited)
    _write(db, statements.OUTCOME, others)


def gone(db: Session, *, message_id: int, address: str, status: MessageStatus) -> None:
    """The message went out, and nobody here knew before: its people are invited from now on."""
    hear(db, [News(message_id, address, status, is_new=True)])


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
    since = {"message": message_id, "claimed": claimed_at}
    one, found = News(message_id, address, status, reason), _people(db, [message_id])
    mine = [
        person.account_id for person in found if person.kind not in CARRIES_NOTHING and person.account_id not in but
    ]
    _write(db, _OUTCOME_OF_THE_LATEST, [_facts(one, account_id) | since for account_id in mine])


def _people(db: Session, message_ids: Collection[int]) -> Sequence[Any]:
    return db.connection().execute(statements.PEOPLE, {"messages": list(message_ids)}).all() if message_ids else []


def _facts(one: News, account_id: int) -> dict[str, Any]:
    why = one.reason.value if one.reason else None
    return {"account": account_id, "after": one.status.value, "why": why, "where": one.address}


def _write(db: Session, statement: sa.Update, rows: list[dict[str, Any]]) -> None:
    if rows:
        db.connection().execute(statement, rows)


def _later_message() -> sa.Exists:
    later, tie = _message.alias("later"), _tie.alias("later_tie")
    at = sa.func.coalesce(later.c.claimed_at, later.c.finished_at)  # one that was not even tried failed later, too
    return (
        sa.select(later.c.id)
        .join(tie, tie.c.message_id == later.c.id)
        .join(_campaign, _campaign.c.id == later.c.campaign_id)
        .where(tie.c.account_id == _account.c.id, later.c.id != bindparam("message"))
        .where(at > bindparam("claimed", type_=_message.c.claimed_at.type))
        .where(sa.or_(*(later.c.status == status for status in _GONE)))  # IN cannot be run for several in one go
        .where(*(_campaign.c.kind != kind for kind in sorted(CARRIES_NOTHING)))
        .exists()
    )


_OUTCOME_OF_THE_LATEST = statements.OUTCOME.where(~_later_message())
