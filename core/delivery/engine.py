"""Starts and stops the delivery engine in this process, and hands campaigns to it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID

from core import database
from core.config import settings
from core.delivery import workflows
from core.services import delivery

NAME, VERSION = "firstkey", "delivery-1"  # raise VERSION only when the steps of a workflow change
UNDER_WAY = ["PENDING", "ENQUEUED", "DELAYED"]
COMMAND_LINE = "command-line"
logger = logging.getLogger(__name__)

_lock = threading.Lock()
_up = threading.Event()


def launch(*, deliver: bool = True, executor: str = "web") -> None:
    """Once per process. With `deliver` it sends and goes on with what a stop interrupted; without, it only queues."""
    with _lock:
        if _up.is_set():
            return
        _prepare_sqlite(settings().engine_url)
        logging.getLogger("dbos").setLevel(logging.WARNING)
        DBOS(
            config={
                "name": NAME,
                "system_database_url": settings().engine_url,
                "application_version": VERSION,
                "executor_id": settings().executor_id or executor,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "max_executor_threads": 32,
            }
        )
        if not deliver:
            DBOS.listen_queues([])
        DBOS.launch()
        _register_queues()
        _up.set()
    if deliver:
        _go_on()


def shutdown() -> None:
    """Let the messages in flight finish, then stop; the rest goes on at the next start."""
    with _lock:
        if _up.is_set():
            _up.clear()
            DBOS.destroy(workflow_completion_timeout_sec=2)


def is_up() -> bool:
    return _up.is_set()


def start(campaign_id: int) -> None:
    """Hand a committed campaign to the engine. Called twice, it runs once; called again after a pause, it goes on."""
    with database.reading() as db:
        key, waiting = (
            delivery.key_of(db, campaign_id=campaign_id),
            delivery.waiting_batches(db, campaign_id=campaign_id),
        )
    if not key or not waiting:
        return
    prefix = f"c{key}-"
    seen = DBOS.list_workflows(workflow_id_prefix=prefix, load_input=False, load_output=False)
    if any(item.status in UNDER_WAY for item in seen):
        return
    runs = sum(item.name == "run_campaign" for item in seen)
    run = f"{prefix}{runs}"
    with SetWorkflowID(run):
        DBOS.enqueue_workflow(workflows.CONTROL_QUEUE, workflows.run_campaign, run, campaign_id, waiting)


def _go_on() -> None:
    """Take over what the command line left behind, and start what was committed but never handed over."""
    abandoned = DBOS.list_workflows(status="PENDING", executor_id=COMMAND_LINE, load_input=False, load_output=False)
    for queue in {item.queue_name for item in abandoned if item.queue_name}:
        mine = [item.workflow_id for item in abandoned if item.queue_name == queue]
        DBOS.resume_workflows(mine, queue_name=queue)
    with database.reading() as db:
        unfinished = delivery.running_campaigns(db)
    for campaign_id, _key in unfinished:
        start(campaign_id)


def _register_queues() -> None:
    control, email, slots = workflows.CONTROL_QUEUE, workflows.EMAIL_QUEUE, settings().email_slots
    DBOS.register_queue(control, worker_concurrency=1, polling_interval_sec=0.3, on_conflict="always_update")
    DBOS.register_queue(email, global_concurrency=slots, polling_interval_sec=0.3, on_conflict="always_update")


def _prepare_sqlite(url: str) -> None:
    """The engine leaves the slow rollback journal on."""
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
