"""Batches of a process that is gone go on in another one. Messages are claimed one by one, so nobody is sent twice."""

from __future__ import annotations

from dbos import DBOS
from dbos import WorkflowStatus as Workflow

from core import database
from core.delivery.heartbeat import Watch
from core.services import workers

UNDER_WAY = ["PENDING", "ENQUEUED", "DELAYED"]


def listed(**wanted: object) -> list[Workflow]:
    """Workflows of the engine, without what went in and came out."""
    return DBOS.list_workflows(load_input=False, load_output=False, **wanted)  # type: ignore[arg-type]


def adopt(executor_id: str) -> int:
    """Take what a process has begun; gives how many batches. For one that is gone for good."""
    return _back_into_queues(listed(status=["PENDING"], executor_id=executor_id))


def alive(watch: Watch) -> frozenset[str]:
    """The processes that deliver, as this one sees it."""
    with database.reading() as db:
        return watch.alive(workers.beats(db))


def abandoned(watch: Watch) -> int:
    """Take what belongs to processes whose heart has stopped, or that left in order; gives how many batches."""
    begun = listed(status=["PENDING"])  # before the beats: whoever starts in between has begun none of them
    living = alive(watch)
    return _back_into_queues([item for item in begun if item.executor_id not in living])


def of_other_versions(version: str) -> int:
    """Work that an older program queued would wait for ever: it ends here, and is handed out anew (engine.start)."""
    old = [item.workflow_id for item in listed(status=UNDER_WAY) if item.app_version not in (None, version)]
    for start in range(0, len(old), 500):
        DBOS.cancel_workflows(old[start : start + 500])
    return len(old)


def _back_into_queues(left_behind: list[Workflow]) -> int:
    for queue in {item.queue_name for item in left_behind if item.queue_name}:
        mine = [item.workflow_id for item in left_behind if item.queue_name == queue]
        for start in range(0, len(mine), 500):
            DBOS.resume_workflows(mine[start : start + 500], queue_name=queue)
    return len(left_behind)
