"""The nightly run that deletes what has been kept long enough: in slices, each a transaction of its own."""

from __future__ import annotations

import logging
from datetime import date

from core import compaction, database, outbox
from core.rules.retention import Kept
from core.services import retention
from core.tables import school

IN_ROWS = (Kept.INVITATIONS, Kept.LEAVERS, Kept.AUDIT)
logger = logging.getLogger(__name__)


def day_due() -> date | None:
    """The day whose run has to be made now."""
    with database.reading() as db:
        return retention.day_due(db)


def delete_slice(kept: Kept, *, after: int) -> tuple[int, int | None]:
    """How many rows went, and where the next slice begins."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        done = retention.delete_slice(db, kept, after=after)
    outbox.forget(done.references)
    return done.deleted, done.after


def forget_outbox() -> int:
    """Files are no part of a transaction: the audit says first that they go."""
    with database.reading() as db:
        moment = retention.before(school.settings(db), Kept.OUTBOX)
    number = len(outbox.written_before(moment))
    if number:
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            retention.note_outbox(db, number=number)
        outbox.forget_before(moment)
    return number


def finish(counts: dict[str, int]) -> None:
    """Where people went, nothing of them stays in the file; then the run is noted."""
    if counts.get(Kept.LEAVERS):
        compaction.compact()
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        retention.note_run(db, counts=counts)
    logger.info("retention: %s", ", ".join(f"{number} {kept}" for kept, number in counts.items()) or "nothing due")
