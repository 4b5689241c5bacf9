"""Text messages of which the provider's last word is missing: which ones to ask about, and when to give up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import clock
from core.models import Channel, MessageStatus, metadata
from core.rules.delivery_status import FOUND_ARRIVED
from core.services import delivery_facts

ASK_EVERY, ASK_FOR = timedelta(minutes=15), timedelta(hours=72)  # R86
LISTED_AFTER = timedelta(minutes=1)  # a request whose reply was lost may still be on its way into the provider's list
AT_ONCE = 500
NOT_KNOWN = "the provider has no message to this number from that time"
NO_RECEIPT = "the provider never said whether it arrived"
_message = metadata.tables["message"]
_SENT, _UNKNOWN = MessageStatus.SENT.value, MessageStatus.UNKNOWN.value


@dataclass(frozen=True)
class Silent:
    """A message to ask about. Without `provider_id` the reply to our request was lost, too."""

    message_id: int
    reference: str
    provider_id: str | None
    address: str
    since: datetime


def due(db: Session, *, now: datetime, limit: int = AT_ONCE, campaign_id: int | None = None) -> list[Silent]:
    """Sent or unknown, younger than 72 hours, and not asked about for 15 minutes; the longest silence first.

    For one campaign somebody waits for the answer: then all of its messages that are unknown, however old.
    """
    last = sa.func.coalesce(_message.c.event_at, _message.c.claimed_at)
    sent = sa.and_(_message.c.status == _SENT, _message.c.provider_id.is_not(None), last <= now - ASK_EVERY)
    asked = sa.or_(_message.c.event_at.is_(None), _message.c.event_at <= now - ASK_EVERY)
    unknown = _message.c.status == _UNKNOWN
    wanted = sa.or_(sent, sa.and_(unknown, asked)) if campaign_id is None else unknown
    listed = _message.c.claimed_at <= now - LISTED_AFTER
    query = sa.select(_message).where(_message.c.channel == Channel.SMS.value, listed, wanted)
    young, its = _message.c.claimed_at >= now - ASK_FOR, _message.c.campaign_id == campaign_id
    query = query.where(young if campaign_id is None else its)
    rows = db.execute(query.order_by(last, _message.c.id).limit(limit))
    return [Silent(row.id, row.reference, row.provider_id, row.address, row.claimed_at) for row in rows]


def own(db: Session, *, silent: Silent, provider_ids: Sequence[str]) -> str | None:
    """Which of the provider's messages to this number is the silent one: the only one that is nobody else's.

    With two lost ones to the same number, or two strangers, nobody can tell: a person decides.
    """
    there = _message.c.provider_id.in_(provider_ids)
    known = set(db.scalars(sa.select(_message.c.provider_id).where(there)))
    strangers = list(dict.fromkeys(name for name in provider_ids if name not in known))
    unnamed = sa.and_(_message.c.provider_id.is_(None), _message.c.status == _UNKNOWN)
    nameless = sa.or_(unnamed, _message.c.status == MessageStatus.SENDING.value)  # its name is of the try before
    lost = sa.select(sa.func.count()).where(_message.c.address == silent.address, nameless)
    return strangers[0] if len(strangers) == 1 and db.scalar(lost) == 1 else None


def asked(db: Session, *, message_ids: Sequence[int], not_known: Sequence[int] = ()) -> None:
    """The provider was asked just now; of some it knows nothing, which helps whoever decides about them."""
    when = sa.update(_message).where(_message.c.id.in_(message_ids)).values(event_at=clock.now())
    db.connection().execute(when)
    if not_known:
        unknown = (_message.c.id.in_(not_known), _message.c.status == _UNKNOWN)
        db.connection().execute(sa.update(_message).where(*unknown).values(detail=NOT_KNOWN))


def left_just_now(db: Session, *, campaign_id: int) -> bool:
    """Whether some that are unknown left too short ago to be asked about."""
    unknown = (_message.c.campaign_id == campaign_id, _message.c.status == _UNKNOWN)
    young = sa.select(_message.c.id).where(*unknown, _message.c.claimed_at > clock.now() - LISTED_AFTER)
    return db.scalar(young.limit(1)) is not None


def decided(db: Session, *, message_ids: Sequence[int]) -> int:
    """How many of these are not unknown any more."""
    known = (_message.c.id.in_(message_ids), _message.c.status != _UNKNOWN)
    return db.scalar(sa.select(sa.func.count()).where(*known)) or 0


def close_old(db: Session) -> int:
    """Sent more than 72 hours ago without a final word: unknown. Gives how many; AT_ONCE at most in one call.

    Not those of which a person has said since that they arrived.
    """
    nobody_knows = _message.c.detail.is_distinct_from(FOUND_ARRIVED)
    old = (_message.c.status == _SENT, _message.c.claimed_at < clock.now() - ASK_FOR, nobody_knows)
    first = sa.select(_message.c.id).where(_message.c.channel == Channel.SMS.value, *old).limit(AT_ONCE)
    close = sa.update(_message).where(_message.c.id.in_(first), *old).values(status=_UNKNOWN, detail=NO_RECEIPT)
    rows = db.connection().execute(close.returning(*_message.c)).all()
    for row in rows:
        _tell(db, row)
    return len(rows)


def _tell(db: Session, row: Any) -> None:
    delivery_facts.outcome(
        db,
        message_id=row.id,
        address=row.address,
        status=MessageStatus.UNKNOWN,
        reason=None,
        claimed_at=row.claimed_at,
    )
