"""Files that somebody asked for: what they are and how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from core import clock
from core.models import Account, ReportRequest, RequestStatus, SignInSession
from core.permissions import Actor, Permission
from core.rules.report_requests import REMEMBERED
from core.tables import actors

UNDER_WAY = (RequestStatus.WAITING, RequestStatus.MAKING)
NEEDED = {
    "credentials": Permission.REVEAL_CREDENTIALS,
    "campaign-outcome-csv": Permission.SEND,
    "campaign-outcome-csv-plain": Permission.SEND,
    "campaign-outcome-xlsx": Permission.SEND,
    "import-problems-csv": Permission.IMPORT,
    "import-problems-csv-plain": Permission.IMPORT,
    "import-problems-xlsx": Permission.IMPORT,
}
SHOWN = 20


@dataclass(frozen=True)
class RequestedFile:
    """One file as its owner sees it. `token` is empty where this browser cannot fetch it."""

    id: int
    token: str
    kind: str
    title: str
    people: int
    status: RequestStatus
    done: int
    size: int
    refusal: str
    created_at: datetime
    expires_at: datetime | None
    has_ended: bool

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY


def mine(db: Session, actor: Actor) -> list[RequestedFile]:
    """What the actor asked for within a day, newest first."""
    actor.require(Permission.PRINT_REPORTS)
    lately = col(ReportRequest.created_at) > clock.now() - REMEMBERED
    query = select(ReportRequest).where(ReportRequest.account_id == actor.account_id, lately)
    return [_shown(row, actor) for row in db.exec(query.order_by(col(ReportRequest.id).desc()).limit(SHOWN))]


def under_way(db: Session) -> dict[int, str]:
    """The tokens of what waits or is being made, by id: ids are given anew after a demo was emptied, tokens never."""
    query = select(ReportRequest.id, ReportRequest.token).where(col(ReportRequest.status).in_(UNDER_WAY))
    return {request_id or 0: token for request_id, token in db.exec(query.order_by(col(ReportRequest.id)))}


def owner(db: Session, row: ReportRequest) -> Actor | None:
    """Whoever asked, with the roles of today; None when the session or the account has ended."""
    session, account = db.get(SignInSession, row.session_id), db.get(Account, row.account_id)
    if session is None or account is None or account.deactivated_at is not None:
        return None
    live = session.ended_at is None and session.expires_at > clock.now()
    return actors.of_account(db, account, session_id=session.id, ip=session.ip) if live else None


def stands_as(row: ReportRequest, actor: Actor) -> bool:
    """Whether the actor may do and see what they did when they asked: else the file may hold more than they may see."""
    return (row.roles, row.scope) == (sorted(actor.roles), _scope_of(actor))


def whose(actor: Actor) -> dict[str, Any]:
    """What a file remembers of who asks for it: fetched by the same session, as long as it may see as much."""
    return {
        "account_id": actor.account_id,
        "session_id": actor.session_id,
        "roles": sorted(actor.roles),
        "scope": _scope_of(actor),
    }


def _scope_of(actor: Actor) -> list[int] | None:
    """The classes of an actor as a request keeps them; None for everybody."""
    return None if actor.scope.everybody else sorted(actor.scope.section_ids)


def _shown(row: ReportRequest, actor: Actor) -> RequestedFile:
    ended = row.status == RequestStatus.READY and (row.expires_at or row.created_at) <= clock.now()
    here = row.session_id == actor.session_id and row.status == RequestStatus.READY and not ended
    return RequestedFile(
        row.id or 0,
        row.token if here else "",
        row.kind,
        row.title,
        row.people,
        RequestStatus(row.status),
        row.done,
        row.size,
        row.refusal,
        row.created_at,
        row.expires_at,
        ended,
    )
