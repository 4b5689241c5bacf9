"""The words of providers about messages: stored first, then applied, each once and in whatever order they come."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from core import clock
from core.models import FailureReason, MessageStatus, metadata
from core.rules import delivery_events as rules
from core.rules.delivery_events import Standing
from core.services import campaign_pauses, delivery_facts, opt_outs

MATCHED_WITHIN = timedelta(minutes=15)  # a word that came before our own commit (R85)
_STORING, _APPLYING = 0x4B455953574F5244, 0x4B455953574F5245
logger = logging.getLogger(__name__)
_event, _message = metadata.tables["delivery_event"], metadata.tables["message"]


class Word(Protocol):
    """What a provider says of one message; see gateways.channels."""

    @property
    def provider_id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def reference(self) -> str: ...


@dataclass
class _Moved:
    """A message on its way through the words about it."""

    id: int
    address: str
    channel: str
    claimed_at: datetime | None
    provider_id: str | None
    before: Standing
    now: Standing
    event_at: datetime | None = None
    opted_out: bool = False

    @property
    def failed(self) -> bool:
        """By these words, and not before them."""
        return self.now.status is MessageStatus.FAILED and self.before.status is not MessageStatus.FAILED


def store(db: Session, *, channel: str, words: Sequence[Word]) -> list[int]:
    """Keep what is new among these words; gives the ids of it. A replay, years later too, leaves nothing (R83)."""
    rows = {(word.provider_id, word.status, word.code): word for word in words}
    now = clock.now()
    values = [
        {"channel": channel, "provider_id": sid, "status": status, "code": code, "reference": word.reference}
        | {"received_at": now}
        for (sid, status, code), word in rows.items()
    ]
    if not values:
        return []
    _one_at_a_time(db, _STORING)
    ids = db.connection().execute(_insert(db).returning(_event.c.id), values)
    return [int(event_id) for event_id in ids.scalars()]


def apply(db: Session, *, limit: int = 500) -> int:
    """Move the messages of stored words; gives how many words found theirs. What finds none waits for 15 minutes."""
    _one_at_a_time(db, _APPLYING)
    events = db.execute(_waiting(limit)).all()
    if not events:
        return 0
    messages = _messages_of(db, events)
    by_id = {moved.provider_id: moved for moved in messages.values() if moved.provider_id}
    for event in events:
        moved = by_id.get(event.provider_id) or messages.get(event.reference)
        if moved is not None:
            _hear(moved, event)
            by_id.setdefault(event.provider_id, moved)
    for moved in messages.values():
        _write(db, moved)
    campaign_pauses.after_failures(db, message_ids=[moved.id for moved in messages.values() if moved.failed])
    heard = sa.update(_event).where(_event.c.id.in_([event.id for event in events])).values(applied_at=clock.now())
    db.connection().execute(heard)
    return len(events)


def _insert(db: Session) -> Any:
    """Once for each word. One that waits for its message is as good as new when it is said again."""
    insert = (sqlite if db.get_bind().dialect.name == "sqlite" else postgresql).insert(_event)
    said = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[_event.c.provider_id, _event.c.status, _event.c.code],
        set_={
            "reference": sa.case((said.reference != "", said.reference), else_=_event.c.reference),
            "received_at": said.received_at,
        },
        where=_event.c.applied_at.is_(None),
    )


def _waiting(limit: int) -> sa.Select[Any]:
    """The words whose message is there, oldest first: others, however many, never stand in the way.

    Our own name for the message is good for ever: this process may have died between storing and applying.
    """
    young = _event.c.received_at > clock.now() - MATCHED_WITHIN
    of_id = sa.and_(young, sa.exists().where(_message.c.provider_id == _event.c.provider_id))
    of_reference = sa.and_(_event.c.reference != "", sa.exists().where(_message.c.reference == _event.c.reference))
    query = sa.select(_event).where(_event.c.applied_at.is_(None), sa.or_(of_id, of_reference))
    return query.order_by(_event.c.id).limit(limit)


def _messages_of(db: Session, events: Sequence[Any]) -> dict[str, _Moved]:
    """Locked, so that the sender's own mark and these words come one after the other (R84)."""
    ids, references = {event.provider_id for event in events}, {event.reference for event in events} - {""}
    mine = sa.or_(_message.c.provider_id.in_(ids), _message.c.reference.in_(references))
    rows = db.execute(sa.select(_message).where(mine).order_by(_message.c.id).with_for_update())
    return {row.reference: _moved(row) for row in rows}


def _moved(row: Any) -> _Moved:
    reason = FailureReason(row.reason) if row.reason else None
    standing = Standing(MessageStatus(row.status), reason, row.detail or "")
    return _Moved(
        id=row.id,
        address=row.address,
        channel=row.channel,
        claimed_at=row.claimed_at,
        provider_id=row.provider_id,
        before=standing,
        now=standing,
        event_at=row.event_at,
    )


def _hear(moved: _Moved, event: Any) -> None:
    """One word. That an earlier try of the same message came to nothing does not count against the later one."""
    moved.event_at = max(moved.event_at or event.received_at, event.received_at)
    moved.opted_out |= event.code == rules.OPTED_OUT  # the owner of the number says so, whichever try it was
    is_of_this_try = _is_of_this_try(moved, event.provider_id)
    if not is_of_this_try and event.status not in rules.ARRIVED:
        return
    contested = rules.CONTESTED in moved.now.detail
    moved.now = rules.after(moved.now, status=event.status, code=event.code)
    if is_of_this_try and moved.now.status not in rules.NOT_YET_GONE:
        moved.provider_id = event.provider_id
    if rules.CONTESTED in moved.now.detail and not contested:
        logger.warning("message %s: the provider contradicts itself (%s)", moved.id, event.status)


def _is_of_this_try(moved: _Moved, provider_id: str) -> bool:
    """A message that is sent again keeps the name of the try before until it is known to have gone."""
    if moved.provider_id is None:
        return True
    if moved.now.status in rules.NOT_YET_GONE:
        return moved.now.status is MessageStatus.SENDING and moved.provider_id != provider_id
    return moved.provider_id == provider_id


def _write(db: Session, moved: _Moved) -> None:
    now, changed = moved.now, moved.now != moved.before
    values: dict[str, Any] = {"provider_id": moved.provider_id, "event_at": moved.event_at}
    if changed:
        reason = now.reason.value if now.reason else None
        values |= {"status": now.status.value, "reason": reason, "detail": now.detail or None}
        values |= {"finished_at": clock.now()}
    db.connection().execute(sa.update(_message).where(_message.c.id == moved.id).values(values))
    if moved.opted_out:
        opt_outs.record(db, channel=moved.channel, address=moved.address)
    if now.status is not moved.before.status:
        _tell_the_account(db, moved)


def _tell_the_account(db: Session, moved: _Moved) -> None:
    now = moved.now
    if rules.newly_gone(moved.before.status, now.status):
        delivery_facts.gone(db, message_id=moved.id, address=moved.address, status=now.status)
        return
    delivery_facts.outcome(
        db,
        message_id=moved.id,
        address=moved.address,
        status=now.status,
        reason=now.reason,
        claimed_at=moved.claimed_at,
    )


def _one_at_a_time(db: Session, what: int) -> None:
    """Two processes that hold the same words, or accounts, in another order would wait for each other for ever.

    SQLite has only one writer anyway.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.connection().execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": what})
