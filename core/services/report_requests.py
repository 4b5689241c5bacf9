"""Long reports and exports: asked for here, made in a process of their own (report_making), fetched once.

A file belongs to the session that asked (R44). What is kept of it is sealed with the key outside the database, piece by
piece for its own place, and gone when it was fetched or after ten minutes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, keys
from core.errors import LimitReached, NotFound
from core.models import ReportPart, ReportRequest, RequestStatus
from core.permissions import Actor, Permission
from core.rules.report_requests import AT_MOST, REMEMBERED, Asked, place_of
from core.services import audit, selections_beside
from core.tables import report_requests as table

_GONE = "This file is not there any more. Ask for it again on the Reports page."


@dataclass(frozen=True)
class Fetched:
    """A file on its way to who asked for it."""

    request_id: int
    token: str
    name: str
    size: int
    parts: int
    key: keys.Key = field(repr=False)


def ask(db: Session, actor: Actor, *, asked: Asked, title: str, number: int | None = None) -> int:
    """Remember what is to be made, with the rows that are meant now; whoever calls has checked that it may be.

    `number`: how many will be read, where it is not one for each row.
    """
    actor.require(Permission.PRINT_REPORTS)
    if actor.account_id is None or not actor.session_id:
        raise NotFound("A file is for somebody who has signed in.")
    waiting = sa.select(sa.func.count()).where(_mine(actor), col(ReportRequest.status).in_(table.UNDER_WAY))
    if (db.scalar(waiting.select_from(ReportRequest)) or 0) >= AT_MOST:
        raise LimitReached(
            f"{AT_MOST} files of yours are being made. Wait for one of them, or cancel it on the Reports page."
        )
    token, key, selection_id = secrets.token_hex(32), keys.current(), None
    if not asked.kind.startswith("campaign"):
        selection_id, scope = selections_beside.frozen(db, actor, selection_id=asked.selection_id, scope=asked.scope)
        asked = asked.of(selection_id, scope)
    row = ReportRequest(
        token=token,
        **table.whose(actor),
        selection_id=selection_id,
        kind=asked.kind,
        title=title,
        people=asked.expected if number is None else number,
        kid=key.kid,
        asked=key.seal(place_of(token), asked.as_bytes()),
        created_at=clock.now(),
    )
    db.add(row)
    db.flush()
    _note(db, actor, row, "asked")
    return row.id or 0


def cancel(db: Session, actor: Actor, *, request_id: int) -> None:
    """Stop the making, or throw the file away."""
    row = db.get(ReportRequest, request_id, with_for_update=True)
    if row is None or row.account_id != actor.account_id or row.status not in (*table.UNDER_WAY, RequestStatus.READY):
        raise NotFound("This file is not there any more.")
    row.status, row.asked = RequestStatus.CANCELLED, b""
    db.add(row)
    forget_parts(db, request_id=request_id)
    _note(db, actor, row, "cancelled")


def fetch(db: Session, actor: Actor, *, token: str) -> Fetched:
    """Hand the file out, once: to the session that asked, while its role and classes are what they were (R44)."""
    row = db.exec(select(ReportRequest).where(ReportRequest.token == token).with_for_update()).first()
    key = keys.known().get(row.kid) if row else None
    if row is None or key is None or row.session_id != actor.session_id or row.account_id != actor.account_id:
        raise NotFound(_GONE)
    if row.status != RequestStatus.READY or row.expires_at is None or row.expires_at <= clock.now():
        raise NotFound(_GONE)
    if not actor.may(table.NEEDED.get(row.kind, Permission.PRINT_REPORTS)) or not table.stands_as(row, actor):
        raise NotFound(_GONE)
    row.status = RequestStatus.FETCHED
    db.add(row)
    _note(db, actor, row, "fetched", bytes=row.size)
    return Fetched(row.id or 0, token, row.name, row.size, row.parts, key)


def part(db: Session, fetched: Fetched, number: int) -> bytes:
    """A piece of the file."""
    stored = db.get(ReportPart, (fetched.request_id, number))
    content = fetched.key.unseal(place_of(fetched.token, number), stored.sealed) if stored else None
    if content is None:
        raise NotFound(_GONE)
    return content


def forget_parts(db: Session, *, request_id: int) -> None:
    """Remove what was kept of a file."""
    db.execute(sa.delete(ReportPart).where(col(ReportPart.request_id) == request_id))


def forget_ended(db: Session) -> int:
    """Remove the files that nobody may fetch any more, and after a day what was asked; gives how many files."""
    now, request = clock.now(), ReportRequest
    ready = sa.and_(col(request.status) == RequestStatus.READY, col(request.expires_at) > now)
    kept = sa.select(col(request.id)).where(sa.or_(col(request.status).in_(table.UNDER_WAY), ready))
    ended = sa.select(col(ReportPart.request_id)).where(col(ReportPart.request_id).not_in(kept)).distinct()
    gone = list(db.scalars(ended))
    db.execute(sa.delete(ReportPart).where(col(ReportPart.request_id).in_(gone)))
    old = list(db.exec(select(request).where(request.created_at <= now - REMEMBERED)))
    for row in old:
        forget_parts(db, request_id=row.id or 0)
        db.delete(row)
    db.flush()
    selections_beside.forget(db, selection_ids=[row.selection_id for row in old if row.selection_id])
    return len(gone)


def _mine(actor: Actor) -> sa.ColumnElement[bool]:
    return col(ReportRequest.account_id) == actor.account_id


def _note(db: Session, actor: Actor, row: ReportRequest, what: str, **more: int) -> None:
    details = {"kind": row.kind, "count": row.people, **more}
    audit.record(
        db, actor, action=f"report_file.{what}", object_kind="report_request", object_id=row.id, details=details
    )
