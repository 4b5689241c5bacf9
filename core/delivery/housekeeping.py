"""Work that comes again, done by one process at a time: asking providers, forgetting what is finished."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from dbos import DBOS

from core import clock, database, requests
from core.backup import before_upgrade, rehearsal
from core.config import settings
from core.delivery import alarms, bounce_watch, directory_look_up, import_folder, reconcile, take_over, workflows
from core.services import change_notes, fault_notes, microsoft_flows, previews, report_requests, throttles, workers

KEPT = timedelta(days=7)
SLICE, SLICES = 500, 40
FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
logger = logging.getLogger(__name__)


def run() -> None:
    """Do what is due and nobody else does; and what every machine does for itself."""
    for name, (every, work) in (JOBS | (OF_FOLDER if settings().import_folder else {})).items():
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            mine = workers.is_my_turn(db, job=name, every=every)
        if mine:
            _note(name, every, went_well=_do(name, work))
    _do("note the newest entry of the audit", alarms.note_audit)
    _do("look at the disks of this machine", alarms.look_at_disks)
    _do("forget what upgrades that were tried out have left on this machine", rehearsal.forget_old)


def forget_finished() -> int:
    """Rows of the engine about batches that ended a week ago; ours about messages stay."""
    before, gone = (clock.now() - KEPT).isoformat(), 0
    for _slice in range(SLICES):
        ended = take_over.listed(status=FINISHED, end_time=before, limit=SLICE)
        if not ended:
            break
        DBOS.delete_workflows([item.workflow_id for item in ended])
        gone += len(ended)
    return gone


def forget_previews() -> int:
    """Pictures of reports that nobody may see any more."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return previews.forget_ended(db)


def forget_flows() -> int:
    """Sign-ins with Microsoft that nobody came back from."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return microsoft_flows.forget_ended(db)


def forget_throttles() -> int:
    """Counts of wrong sign-ins that say nothing any more about what is usual."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return throttles.forget_old(db)


def forget_faults() -> int:
    """Numbers that nobody reads out any more."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return fault_notes.forget_old(db)


def forget_changes() -> int:
    """Notes of who changed, but for the newest."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return change_notes.forget_old(db)


def forget_files() -> int:
    """Files that nobody may fetch any more."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return report_requests.forget_ended(db)


def forget_processes() -> int:
    """Those that will not come back."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return workers.forget_gone(db)


def _note(name: str, every: timedelta, *, went_well: bool) -> None:
    """What fails three times in a row stands on Health, and is an alert."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        if went_well:
            workers.note_well(db, job=name)
        else:
            workers.note_failed(db, job=name, every=every)


def _do(name: str, work: Callable[[], int]) -> bool:
    with requests.for_run():
        return _try(name, work)


def _try(name: str, work: Callable[[], int]) -> bool:
    """Whether it went well."""
    try:
        done = work()
    except Exception as error:  # noqa: BLE001  (a provider or a database away: the next time will do)
        logger.warning("%s failed: %s", name, type(error).__name__)
        return False
    if done:
        logger.info("%s: %s", name, done)
    return True


JOBS: dict[str, tuple[timedelta, Callable[[], int]]] = {
    "read the mailbox of bounces": (timedelta(minutes=5), bounce_watch.run_once),
    "ask about text messages": (timedelta(minutes=15), reconcile.run_once),
    "forget finished batches": (timedelta(hours=1), forget_finished),
    "forget previews": (timedelta(minutes=15), forget_previews),
    "forget sign-ins under way": (timedelta(hours=1), forget_flows),
    "forget wrong sign-ins": (timedelta(hours=1), forget_throttles),
    "forget copies from before upgrades": (timedelta(hours=12), before_upgrade.forget_old),
    "forget faults": (timedelta(hours=12), forget_faults),
    "forget processes that are gone": (timedelta(hours=12), forget_processes),
    "forget who changed": (timedelta(hours=1), forget_changes),
    "forget files": (timedelta(minutes=5), forget_files),
    "delete what was kept long enough": (timedelta(minutes=30), workflows.enqueue_retention),
    "send the reminders of the day": (timedelta(minutes=5), workflows.enqueue_reminders),
    "look up Microsoft's directory": (timedelta(minutes=30), directory_look_up.begin_at_night),
    "forget Microsoft's directory": (timedelta(hours=6), directory_look_up.forget_old),
    "look for what makes an alert": (timedelta(seconds=30), alarms.look),
    "check the audit": (timedelta(hours=1), alarms.check_audit),
}
OF_FOLDER: dict[str, tuple[timedelta, Callable[[], int]]] = {
    "import from the folder": (timedelta(minutes=1), workflows.enqueue_import),
    "forget imported files": (timedelta(hours=12), import_folder.forget_old),
}
