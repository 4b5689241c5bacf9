"""The processes that deliver: whose heart beat when, and who does the work that comes again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import DeliveryJob, DeliveryWorker
from core.models.columns import UtcDateTime
from core.tables.health import FAILING

GONE_AFTER = timedelta(days=7)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST = sa.text("INSERT INTO delivery_job (name, ran_at) VALUES (:name, :ran_at) ON CONFLICT DO NOTHING").bindparams(
    sa.bindparam("ran_at", type_=UtcDateTime())
)


def beat(db: Session, *, executor_id: str, host: str, process_id: int) -> None:
    """I am here. One row a process; whoever takes over its name takes over its row."""
    now = clock.now()
    row = db.get(DeliveryWorker, executor_id)
    if row is None or (row.host, row.process_id) != (host, process_id):
        row = row or DeliveryWorker(
            executor_id=executor_id, host=host, process_id=process_id, started_at=now, beat_at=now
        )
        row.host, row.process_id, row.started_at = host, process_id, now
    row.beat_at = now
    db.add(row)


def leave(db: Session, *, executor_id: str) -> None:
    """I stop; what I leave is free to be taken at once."""
    db.execute(sa.delete(DeliveryWorker).where(col(DeliveryWorker.executor_id) == executor_id))


def beats(db: Session) -> dict[str, datetime]:
    """The latest beat of each process that has not left, by its own clock."""
    query = sa.select(col(DeliveryWorker.executor_id), col(DeliveryWorker.beat_at))
    return {row.executor_id: row.beat_at for row in db.execute(query)}


def forget_gone(db: Session) -> int:
    """Processes that were silent for a week do not come back; gives how many."""
    gone = sa.delete(DeliveryWorker).where(col(DeliveryWorker.beat_at) < clock.now() - GONE_AFTER)
    return int(db.execute(gone).rowcount)  # type: ignore[attr-defined]


def note_failed(db: Session, *, job: str, every: timedelta) -> None:
    """The job came to nothing. Its row `failing:` holds from when on that is three times in a row."""
    third = {"name": FAILING + job, "ran_at": clock.now() + 2 * every}
    db.connection().execute(_FIRST, third)


def note_well(db: Session, *, job: str) -> None:
    """It went well: what failed before is forgotten."""
    db.execute(sa.delete(DeliveryJob).where(col(DeliveryJob.name) == FAILING + job))


def is_my_turn(db: Session, *, job: str, every: timedelta) -> bool:
    """Whether this process is to do a job now: the first that asks after the time is over, and no other."""
    now = clock.now()
    # Both databases know this form; a job that nobody has done yet is due.
    db.connection().execute(_FIRST, {"name": job, "ran_at": _LONG_AGO})
    ran_at = col(DeliveryJob.ran_at)
    # So far in the future: the clock was set back since. Clocks of several machines differ by less than that.
    when = sa.or_(ran_at <= now - every, ran_at > now + every)
    due = sa.update(DeliveryJob).where(col(DeliveryJob.name) == job, when)
    return bool(db.execute(due.values(ran_at=now)).rowcount)  # type: ignore[attr-defined]
