"""How a long report or export is made, in transactions of a moment: so it is seen how far it is, and can be stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, keys
from core.errors import AppError
from core.models import ReportPart, ReportRequest, RequestStatus
from core.permissions import Actor
from core.rules import report_requests
from core.rules.report_requests import KEPT, Asked, from_bytes, place_of
from core.tables import report_requests as table

_LOST = "It could not be made; nothing was changed. Ask for it again, or for fewer people."


@dataclass(frozen=True)
class Begun:
    """A file that this process is to make, and for whom. Another process that takes it over has another `attempt`."""

    request_id: int
    attempt: int
    actor: Actor
    asked: Asked
    people: int


def begin(db: Session, *, request_id: int) -> Begun | None:
    """Take it over; None when there is nothing to make any more. What another process made of it is gone."""
    row = db.get(ReportRequest, request_id, with_for_update=True)
    if row is None or row.status not in table.UNDER_WAY:
        return None
    actor, key = table.owner(db, row), keys.known().get(row.kid)
    stored = key.unseal(place_of(row.token), row.asked) if key else None
    row.status, row.attempt, row.done, row.size = RequestStatus.MAKING, row.attempt + 1, 0, 0
    db.add(row)
    _forget_parts(db, request_id)
    if actor is None or stored is None or not table.stands_as(row, actor):
        row.status, row.refusal = RequestStatus.FAILED, "You had signed out before it was made. Ask for it again."
        return None
    return Begun(request_id, row.attempt, actor, from_bytes(stored), row.people)


def tell(db: Session, begun: Begun, *, done: int) -> None:
    """How many rows are read."""
    _change(db, begun, done=done)


def is_wanted(db: Session, begun: Begun) -> bool:
    """Whether it was neither cancelled nor taken over by another process."""
    row = db.get(ReportRequest, begun.request_id)
    return row is not None and (row.status, row.attempt) == (RequestStatus.MAKING, begun.attempt)


def keep(db: Session, begun: Begun, *, number: int, content: bytes) -> bool:
    """Store a piece of the file, sealed; whether it is still wanted."""
    row = db.get_one(ReportRequest, begun.request_id)
    if not _change(db, begun, parts=number + 1, size=ReportRequest.size + len(content)):
        return False
    key = keys.known()[row.kid]
    sealed = key.seal(place_of(row.token, number), content)
    db.add(ReportPart(request_id=begun.request_id, number=number, sealed=sealed))
    return True


def finish(db: Session, begun: Begun, *, name: str) -> bool:
    """The file is there, for ten minutes."""
    ends = clock.now() + KEPT
    return _change(db, begun, name=name, status=RequestStatus.READY, done=begun.people, expires_at=ends, asked=b"")


def fail(db: Session, begun: Begun, refusal: AppError) -> None:
    """It could not be made, and why."""
    _change(db, begun, status=RequestStatus.FAILED, refusal=str(refusal), asked=b"")
    _forget_parts(db, begun.request_id)


def next_attempt(db: Session, *, request_id: int) -> int:
    """The attempt that begins, when nobody else begins one before."""
    row = db.get(ReportRequest, request_id)
    return row.attempt + 1 if row else 1


def lost(db: Session, *, request_id: int, attempt: int) -> None:
    """Whoever made it is gone without a word. What another process took over since is for that one to end."""
    left = sa.update(ReportRequest).where(
        col(ReportRequest.id) == request_id,
        col(ReportRequest.attempt) <= attempt,
        col(ReportRequest.status).in_(table.UNDER_WAY),
    )
    if db.execute(left.values(status=RequestStatus.FAILED, refusal=_LOST, asked=b"")).rowcount:  # type: ignore[attr-defined]
        _forget_parts(db, request_id)


def pieces(content: bytes) -> Iterator[bytes]:
    """A file in pieces that one row takes."""
    size = report_requests.PART
    return (content[begin : begin + size] for begin in range(0, len(content), size))


def _change(db: Session, begun: Begun, **values: object) -> bool:
    """Whether it was still for this process to make."""
    mine = sa.and_(col(ReportRequest.id) == begun.request_id, col(ReportRequest.attempt) == begun.attempt)
    wanted = sa.update(ReportRequest).where(mine, col(ReportRequest.status) == RequestStatus.MAKING)
    return bool(db.execute(wanted.values(**values)).rowcount)  # type: ignore[attr-defined]


def _forget_parts(db: Session, request_id: int) -> None:
    db.execute(sa.delete(ReportPart).where(col(ReportPart.request_id) == request_id))
