"""Starts and stops the delivery engine in this process, and hands campaigns to it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID

from core import clock, database, postgresql_engine
from core.config import settings
from core.delivery import batches, housekeeping, queues, take_over, workflows
from core.delivery.heartbeat import Heartbeat, Watch
from core.tables import directory_runs, report_requests, unfinished

NAME, VERSION = "firstkey", "delivery-1"  # raise VERSION only when the steps of a workflow change
COMMAND_LINE = "command-line"
LOOK_AROUND_EVERY_S = 20.0
logger = logging.getLogger(__name__)

_lock = threading.Lock()
_up, _stop = threading.Event(), threading.Event()
_hearts: list[Heartbeat] = []


def launch(*, deliver: bool = True, executor: str = "web") -> None:
    """Once per process. With `deliver` it sends and goes on with what a stop interrupted; without, it only queues."""
    with _lock:
        if _up.is_set():
            return
        _prepare_sqlite(settings().engine_url)
        logging.getLogger("dbos").setLevel(logging.WARNING)
        batches.stopping.clear()
        DBOS(
            config={
                "name": NAME,
                "system_database_url": settings().engine_url,
                "application_version": VERSION,
                "executor_id": _executor_id(executor),
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "max_executor_threads": queues.threads(),
                **_connecting(settings().engine_url),
            }
        )
        if deliver:
            _hearts.append(Heartbeat(_executor_id(executor)))
            _hearts[-1].start()
        DBOS.listen_queues(queues.of_this_process() if deliver else [])
        DBOS.launch()
        watch = Watch()
        queues.register(processes=len(take_over.alive(watch)), deliver=deliver)
        _up.set()
    if deliver:
        take_over.of_other_versions(VERSION)
        take_over.abandoned(watch)
        _go_on()
        _stop.clear()
        threading.Thread(target=_look_around, args=(watch,), name="delivery-look-around", daemon=True).start()


def _connecting(url: str) -> DBOSConfig:
    """As to our own database: where a server lost its power, nobody waits for it as long as the system would."""
    if url.startswith("sqlite"):
        return {}
    return {"db_engine_kwargs": {"connect_args": postgresql_engine.manner(url)}}


def shutdown() -> None:
    """Let the messages in flight finish, then stop; the rest goes on at the next start."""
    with _lock:
        if _up.is_set():
            _up.clear()
            _stop.set()
            batches.stopping.set()
            DBOS.destroy(workflow_completion_timeout_sec=5)
            while _hearts:
                _hearts.pop().stop()


def is_up() -> bool:
    return _up.is_set()


def start(*campaign_ids: int) -> None:
    """Hand committed campaigns to the engine. Called twice, each runs once; called again after a pause, it goes on.

    Batches that the engine has already, perhaps waiting for another try, are left to it.
    """
    for campaign_id in campaign_ids:
        _start(campaign_id)


def recover(account_id: int) -> None:
    """Have a forgotten password answered, out of sight of whoever asked; 0 stands for a name that is nobody's."""
    DBOS.enqueue_workflow(queues.CONTROL, workflows.recover_password, account_id)


def _start(campaign_id: int) -> None:
    with database.reading() as db:
        key = unfinished.key_of(db, campaign_id=campaign_id)
        waiting = unfinished.waiting_batches(db, campaign_id=campaign_id)
        channel = unfinished.channel(db, campaign_id=campaign_id)
    if not key or not waiting:
        return
    prefix = f"c{key}-"
    under_way = take_over.listed(workflow_id_prefix=prefix, status=take_over.UNDER_WAY)
    if any(item.name == "run_campaign" for item in under_way):
        return  # it is still handing out its batches
    has = {workflows.batch_of(item.workflow_id) for item in under_way}
    missing = [batch for batch in waiting if batch not in has]
    if not missing:
        return
    run = f"{prefix}{len(take_over.listed(workflow_id_prefix=prefix, name='run_campaign'))}"
    with SetWorkflowID(run):
        DBOS.enqueue_workflow(queues.CONTROL, workflows.run_campaign, run, campaign_id, missing)
    queues.hurry(channel)


def start_files() -> None:
    """Hand over the long reports and exports that somebody has asked for. Called twice, each is made once."""
    with database.reading() as db:
        wanted = report_requests.under_way(db)
    for request_id, token in wanted.items():
        prefix = f"f{token[:16]}-"
        known = take_over.listed(workflow_id_prefix=prefix)
        if not any(item.status in take_over.UNDER_WAY for item in known):
            with SetWorkflowID(f"{prefix}{len(known)}"):
                DBOS.enqueue_workflow(queues.FILES, workflows.make_file, request_id)


def start_directory() -> None:
    """Hand over what somebody wants done with Microsoft's directory. Called twice, each is done once."""
    with database.reading() as db:
        wanted = directory_runs.under_way(db)
    for run_id, (token, kind) in wanted.items():
        prefix = f"d{token}-"
        known = take_over.listed(workflow_id_prefix=prefix)
        if not any(item.status in take_over.UNDER_WAY for item in known):
            with SetWorkflowID(f"{prefix}{len(known)}"):
                DBOS.enqueue_workflow(queues.DIRECTORY, workflows.OF_DIRECTORY[kind], run_id)


def _look_around(watch: Watch) -> None:
    """Now and then: whatever was committed but not handed over, resumed, or left by a process that is gone, goes on."""
    while not _stop.wait(LOOK_AROUND_EVERY_S):
        try:
            take_over.abandoned(watch)
            _go_on()
            housekeeping.run()
            queues.share(processes=len(take_over.alive(watch)))
        except Exception as error:  # noqa: BLE001  (a locked or restarting database: the next look will do)
            logger.warning("looking for unfinished campaigns failed: %s", type(error).__name__)


def _go_on() -> None:
    with database.reading() as db:
        left = unfinished.running_campaigns(db)
        busy = unfinished.busy_channels(db, by=clock.now() + timedelta(seconds=2 * LOOK_AROUND_EVERY_S))
    for campaign_id in left:
        start(campaign_id)
    queues.keep_pace(busy)
    start_files()
    start_directory()


def _executor_id(part: str) -> str:
    """Different for the web, a worker and the command line, even where they share their settings."""
    return f"{settings().executor_id}-{part}" if settings().executor_id else part


def _prepare_sqlite(url: str) -> None:
    """The engine leaves the slow rollback journal on."""
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
