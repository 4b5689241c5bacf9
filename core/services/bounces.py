"""E-mails that came back: their messages failed, and their addresses are not written to again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import clock
from core.models import Channel, MessageStatus, Superseded, metadata
from core.rules.bounce_reports import Fate, Report
from core.services import campaign_pauses, delivery_facts
from core.tables import moved_addresses

# What is queued goes out again whatever became of an earlier try; what is final stays as it is.
_UNDECIDED = (MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.UNKNOWN)
_account, _invitation = metadata.tables["account"], metadata.tables["invitation"]
_message, _tie = metadata.tables["message"], metadata.tables["message_account"]


def record(db: Session, *, reports: Sequence[Report]) -> int:
    """Mark what failed; gives how many messages that is. Said again, delayed or unknown here, it changes nothing."""
    failed = {report.reference: report for report in reports if report.fate is Fate.FAILED}
    mine = (_message.c.reference.in_(list(failed)), _message.c.channel == Channel.EMAIL.value)
    undecided = _message.c.status.in_([status.value for status in _UNDECIDED])
    rows = db.execute(sa.select(_message).where(*mine, undecided).order_by(_message.c.id).with_for_update()).all()
    for row in rows:
        _fail(db, row, failed[row.reference])
    campaign_pauses.after_failures(db, message_ids=[row.id for row in rows])
    return len(rows)


def _fail(db: Session, row: Any, report: Report) -> None:
    now, code = clock.now(), f" ({report.status})" if report.status else ""
    values = {"status": MessageStatus.FAILED.value, "reason": report.reason.value, "event_at": now, "finished_at": now}
    detail = f"the mail server of the receiver sent it back{code}"
    db.connection().execute(sa.update(_message).where(_message.c.id == row.id).values(values | {"detail": detail}))
    if row.status == MessageStatus.SENDING:  # it came back before its sender could note that it went out
        delivery_facts.gone(db, message_id=row.id, address=row.address, status=MessageStatus.SENT)
    _end_links(db, row.id)
    delivery_facts.outcome(
        db,
        message_id=row.id,
        address=row.address,
        status=MessageStatus.FAILED,
        reason=report.reason,
        claimed_at=row.claimed_at,
        but=_reached_elsewhere(db, row),
    )


def _end_links(db: Session, message_id: int) -> None:
    """What the e-mail carried opens nothing any more: it lies in the mailbox of bounces, and who else has it?"""
    now, connection = clock.now(), db.connection()
    mine = sa.select(_tie.c.account_id).where(_tie.c.message_id == message_id)
    connection.execute(
        sa.select(_account.c.id).where(_account.c.id.in_(mine)).order_by(_account.c.id).with_for_update()
    )
    carried = sa.select(_tie.c.invitation_id).where(_tie.c.message_id == message_id)
    is_open = (_invitation.c.used_at.is_(None), _invitation.c.superseded_at.is_(None), _invitation.c.expires_at > now)
    ending = sa.update(_invitation).where(_invitation.c.id.in_(carried), *is_open)
    connection.execute(ending.values(superseded_at=now, superseded_because=Superseded.CAME_BACK.value))
    another = sa.exists().where(_invitation.c.account_id == _account.c.id, *is_open)
    nothing_left = sa.update(_account).where(_account.c.id.in_(mine), _account.c.invitation_ends_at > now, ~another)
    connection.execute(nothing_left.values(invitation_ends_at=now))


def _reached_elsewhere(db: Session, row: Any) -> list[int]:
    """The people of the message whose address was changed since: what became of the old one says nothing of them."""
    people = list(db.scalars(sa.select(_tie.c.account_id).where(_tie.c.message_id == row.id)))
    where = moved_addresses.now(db, people)
    return [account_id for account_id in people if where.get(account_id) != row.address]
