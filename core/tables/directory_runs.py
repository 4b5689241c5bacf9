"""What is done with Microsoft's directory, as the delivery engine and the page ask for it."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.models import ChangeStatus, DirectoryChange, DirectoryRun, DirectoryRunKind, DirectoryRunStatus
from core.permissions import Actor, Permission

UNDER_WAY = (DirectoryRunStatus.WAITING, DirectoryRunStatus.RUNNING)
OPEN = frozenset({ChangeStatus.QUEUED, ChangeStatus.SENDING, ChangeStatus.MADE})
FRESH = timedelta(hours=24)  # how long a look-up says who is not in the directory


def under_way(db: Session) -> dict[int, tuple[str, DirectoryRunKind]]:
    """Token and kind of what waits or is being done, by id."""
    query = sa.select(col(DirectoryRun.id), col(DirectoryRun.token), col(DirectoryRun.kind))
    rows = db.execute(query.where(col(DirectoryRun.status).in_(UNDER_WAY)).order_by(col(DirectoryRun.id)))
    return {run_id: (token, DirectoryRunKind(kind)) for run_id, token, kind in rows}


def latest(db: Session, actor: Actor, *, kind: DirectoryRunKind) -> DirectoryRun | None:
    """The newest run of a kind."""
    actor.require(Permission.MANAGE_DIRECTORY)
    return newest(db, kind=kind)


def newest(db: Session, *, kind: DirectoryRunKind, finished: bool = False) -> DirectoryRun | None:
    """The same for services that have asked; `finished`: the newest that came to its end."""
    query = select(DirectoryRun).where(DirectoryRun.kind == kind)
    if finished:
        query = query.where(DirectoryRun.status == DirectoryRunStatus.DONE)
    return db.exec(query.order_by(col(DirectoryRun.id).desc()).limit(1)).first()


def fresh_look_up(db: Session) -> DirectoryRun | None:
    """The newest look-up, while what it says still counts."""
    found = newest(db, kind=DirectoryRunKind.LOOK_UP, finished=True)
    if found is None or found.finished_at is None or found.finished_at < clock.now() - FRESH:
        return None
    return found


def is_left_open(db: Session) -> bool:
    """Whether some are to be created, or were begun, in a run that nobody works on."""
    query = sa.select(col(DirectoryChange.id)).join(DirectoryRun, col(DirectoryRun.id) == col(DirectoryChange.run_id))
    ended = (DirectoryRunStatus.FAILED, DirectoryRunStatus.STOPPED)
    mine = query.where(col(DirectoryRun.kind) == DirectoryRunKind.CREATE, col(DirectoryRun.status).in_(ended))
    return db.scalar(mine.where(col(DirectoryChange.status).in_(OPEN)).limit(1)) is not None


def counts(db: Session, *, run_id: int) -> dict[ChangeStatus, int]:
    """How many changes of a run are where."""
    query = sa.select(col(DirectoryChange.status), sa.func.count()).where(col(DirectoryChange.run_id) == run_id)
    return {ChangeStatus(status): number for status, number in db.execute(query.group_by(col(DirectoryChange.status)))}
