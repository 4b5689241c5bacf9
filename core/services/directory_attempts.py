"""Who works on a run of Microsoft's directory: one process at a time, and one that was thought dead changes nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.config import settings
from core.errors import Conflict
from core.models import DirectoryRun, DirectoryRunKind, DirectoryRunStatus
from core.permissions import Actor
from core.tables import directory_runs, school

GIVEN_UP_AFTER = 20  # a process that dies each time it does this must not go on for ever
_POSTGRES_LOCK = 0x46495253544B4449  # one asks at a time; SQLite has only one writer anyway
_LOST = "It could not be finished. Try again; what was done stays done."


@dataclass(frozen=True)
class Attempt:
    """A run that this process works on. Another process that takes it over has another number.

    `by_itself`: nobody asked for it; it is the one of the night.
    """

    run_id: int
    token: str
    number: int
    kind: DirectoryRunKind
    tenant_id: str
    by_itself: bool
    group_id: str
    country: str


def ask(db: Session, actor: Actor, *, kind: DirectoryRunKind, group_id: str = "", country: str = "") -> DirectoryRun:
    """Store that something is to be done; refuses while something else is. The engine does it after the commit."""
    if not school.settings(db).microsoft:
        raise Conflict("The school does not use Microsoft 365. Switch it on in Settings first.")
    if not settings().microsoft_is_set_up:
        raise Conflict("The connection to Microsoft is not set up yet. Settings, Microsoft 365 says what is missing.")
    alone(db)
    run = DirectoryRun(
        token=secrets.token_hex(16),
        kind=kind,
        asked_by=actor.account_id,
        asked_at=clock.now(),
        tenant_id=settings().microsoft_tenant_id.casefold(),
        group_id=group_id,
        country=country,
    )
    db.add(run)
    db.flush()
    return run


def alone(db: Session) -> None:
    """Refuse while Firstkey is at work in the directory; nobody else begins until this is stored."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
    if directory_runs.under_way(db):
        raise Conflict("Firstkey is at work in the directory already. Wait until it has finished.")


def begin(db: Session, *, run_id: int) -> Attempt | None:
    """Take it over; None when there is nothing to do any more."""
    run = db.get(DirectoryRun, run_id, with_for_update=True)
    if run is None or run.status not in directory_runs.UNDER_WAY:
        return None
    run.status, run.attempt, run.done = DirectoryRunStatus.RUNNING, run.attempt + 1, 0
    db.add(run)
    if run.attempt > GIVEN_UP_AFTER:
        run.status, run.refusal, run.finished_at = DirectoryRunStatus.FAILED, _LOST, clock.now()
        return None
    return Attempt(
        run_id,
        run.token,
        run.attempt,
        DirectoryRunKind(run.kind),
        run.tenant_id,
        run.asked_by is None,
        run.group_id,
        run.country,
    )


def change(db: Session, attempt: Attempt, **values: Any) -> bool:
    """Change the run; whether it was still for this process to work on."""
    running = sa.update(DirectoryRun).where(_mine(attempt), col(DirectoryRun.status) == DirectoryRunStatus.RUNNING)
    return bool(db.execute(running.values(**values)).rowcount)  # type: ignore[attr-defined]


def holds(db: Session, attempt: Attempt, *, running: bool = True) -> bool:
    """The same without a change. Not `running`: it may have been stopped, as long as nobody took it over."""
    query = sa.select(col(DirectoryRun.status)).where(_mine(attempt)).with_for_update()
    status = db.scalar(query)
    return status == DirectoryRunStatus.RUNNING or (status is not None and not running)


def fail(db: Session, attempt: Attempt, *, why: str) -> None:
    """It could not be done to its end, and why."""
    change(db, attempt, status=DirectoryRunStatus.FAILED, finished_at=clock.now(), refusal=why)


def _mine(attempt: Attempt) -> sa.ColumnElement[bool]:
    return sa.and_(
        col(DirectoryRun.id) == attempt.run_id,
        col(DirectoryRun.token) == attempt.token,
        col(DirectoryRun.attempt) == attempt.number,
    )
