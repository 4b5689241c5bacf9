"""The durable part: DBOS starts batches, repeats them when a process died, and waits before another try.

Workflows get ids only: their arguments are stored by the engine. Each has a name, the same in whichever process it goes
on: all lines and entries of the audit that it writes are found by it (R96).
"""

from __future__ import annotations

import re
from dataclasses import astuple
from datetime import date

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from core import requests
from core.delivery import (
    batches,
    directory_accounts,
    directory_look_up,
    directory_names,
    files,
    import_folder,
    queues,
    recoveries,
    reminders,
    retention,
    scheduled_imports,
    take_over,
)
from core.delivery.import_folder import Found
from core.models import DirectoryRunKind
from core.rules.delivery_status import wait_before
from core.rules.retention import Kept

SETTLES_S = 60.0  # a file that is the same after so long is not being written any more
_ID = re.compile(r"c(?P<key>[^-]+)-\d+(-b(?P<batch>\d+)-a\d+)?")
_LEFT_IT = ("SUCCESS", "CANCELLED")  # how a run ended that did not touch a file which lies there still
_FAILED = ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
LAST_ATTEMPT = 40  # far beyond the four hours after which a message gives up by itself


@DBOS.step(name="send_batch", retries_allowed=True, interval_seconds=2, max_attempts=50, backoff_rate=1.5)
def send_batch(campaign_id: int, batch: int, attempt: int) -> list[float]:
    """A step that fails (a locked or restarting database) is tried again: what was claimed is marked unknown first."""
    rest = batches.send(campaign_id, batch, attempt)
    return [float(rest.deferred), rest.retry_after]


@DBOS.workflow(name="deliver_batch", max_recovery_attempts=1000)
def deliver_batch(run: str, campaign_id: int, batch: int, attempt: int) -> None:
    """Send a batch; what was put off comes again later."""
    with requests.for_run(f"campaign-{campaign_id}-batch-{batch}"):
        deferred, retry_after = send_batch(campaign_id, batch, attempt)
    if deferred and attempt < LAST_ATTEMPT:
        wait = max(wait_before(attempt + 1), retry_after)
        _enqueue_batch(_queue_of(campaign_id), run, campaign_id, batch, attempt + 1, delay=wait)


@DBOS.workflow(name="run_campaign", max_recovery_attempts=1000)
def run_campaign(run: str, campaign_id: int, waiting: list[int]) -> None:
    """Queue all batches of a campaign, for when it starts."""
    delay, queue = batches.seconds_to_start(campaign_id), _queue_of(campaign_id)
    for batch in waiting:
        _enqueue_batch(queue, run, campaign_id, batch, 1, delay=delay)


@DBOS.step(name="answer_recovery", retries_allowed=True, interval_seconds=2, max_attempts=10, backoff_rate=1.5)
def answer_recovery(account_id: int) -> list[str | int]:
    """The key and the id of the campaign that carries the link; empty when there is nothing to send."""
    return recoveries.answer(account_id)


@DBOS.workflow(name="recover_password", max_recovery_attempts=100)
def recover_password(account_id: int) -> None:
    """Somebody says that they forgot the password of this account; 0 where no account has the name they typed."""
    with requests.for_run(DBOS.workflow_id or ""):  # many may be asked for at the same time
        made = answer_recovery(account_id)
    if made:
        _enqueue_batch(_queue_of(int(made[1])), f"c{made[0]}-0", int(made[1]), 0, 1)


@DBOS.step(name="make_file")
def make_file_once(request_id: int) -> None:
    """In a process of its own; one that died with this one is begun anew by whoever takes over."""
    files.make(request_id)


@DBOS.workflow(name="make_file", max_recovery_attempts=20)
def make_file(request_id: int) -> None:
    """A long report or export that somebody waits for."""
    with requests.for_run(f"file-{request_id}"):
        make_file_once(request_id)


@DBOS.step(name="look_up_directory")
def look_up_directory_once(run_id: int) -> None:
    """From the beginning: whoever takes over reads it anew."""
    directory_look_up.run(run_id)


@DBOS.workflow(name="look_up_directory", max_recovery_attempts=20)
def look_up_directory(run_id: int) -> None:
    """Read who is in Microsoft's directory, and compare."""
    with requests.for_run(f"directory-{run_id}"):
        look_up_directory_once(run_id)


@DBOS.step(name="create_in_directory")
def create_in_directory_once(run_id: int) -> None:
    """Who was claimed and not marked is looked for first: nobody is created twice."""
    directory_accounts.run(run_id)


@DBOS.workflow(name="create_in_directory", max_recovery_attempts=1000)
def create_in_directory(run_id: int) -> None:
    """Create users in Microsoft 365."""
    with requests.for_run(f"directory-{run_id}"):
        create_in_directory_once(run_id)


@DBOS.step(name="update_directory")
def update_directory_once(run_id: int) -> None:
    """Whoever takes over asks for the rest."""
    directory_names.run(run_id)


@DBOS.workflow(name="update_directory", max_recovery_attempts=1000)
def update_directory(run_id: int) -> None:
    """Change users in Microsoft 365."""
    with requests.for_run(f"directory-{run_id}"):
        update_directory_once(run_id)


OF_DIRECTORY = {
    DirectoryRunKind.LOOK_UP: look_up_directory,
    DirectoryRunKind.CREATE: create_in_directory,
    DirectoryRunKind.UPDATE: update_directory,
}


def _queue_of(campaign_id: int) -> str:
    return queues.OF_CHANNEL[batches.channel_of(campaign_id)]


def _enqueue_batch(queue: str, run: str, campaign_id: int, batch: int, attempt: int, *, delay: float = 0.0) -> None:
    """The id makes it idempotent: queued twice, it runs once."""
    with SetWorkflowID(f"{run}-b{batch}-a{attempt}"), SetEnqueueOptions(delay_seconds=delay or None):
        DBOS.enqueue_workflow(queue, deliver_batch, run, campaign_id, batch, attempt)


@DBOS.step(name="launch_reminders", retries_allowed=True, interval_seconds=2, max_attempts=20, backoff_rate=1.5)
def launch_reminders(day: str) -> int:
    """One transaction; asked again, it finds that the run of the day was made."""
    return reminders.run(date.fromisoformat(day))


@DBOS.workflow(name="remind", max_recovery_attempts=100)
def remind(day: str) -> int:
    """The reminders of a day; what was launched is handed over like every campaign that was committed."""
    with requests.for_run(f"reminders-{day}"):
        return launch_reminders(day)


def enqueue_reminders() -> int:
    """Queue the run of today when it is due: the id makes it one however many processes look; gives how many."""
    day = reminders.day_due()
    if day is None:
        return 0
    _require_not_failed(f"reminders-{day.isoformat()}")
    with SetWorkflowID(f"reminders-{day.isoformat()}"):
        DBOS.enqueue_workflow(queues.DAILY, remind, day.isoformat())
    return 1


@DBOS.step(name="delete_slice", retries_allowed=True, interval_seconds=2, max_attempts=20, backoff_rate=1.5)
def delete_slice(kept: str, after: int) -> list[int]:
    """How many went, and where the next slice begins: -1 for nowhere. Repeated after a crash it finds the rest."""
    deleted, more = retention.delete_slice(Kept(kept), after=after)
    return [deleted, -1 if more is None else more]


@DBOS.step(name="forget_outbox", retries_allowed=True, max_attempts=5)
def forget_outbox() -> int:
    return retention.forget_outbox()


@DBOS.step(name="finish_retention", retries_allowed=True, interval_seconds=5, max_attempts=20, backoff_rate=1.5)
def finish_retention(counts: dict[str, int]) -> None:
    retention.finish(counts)


@DBOS.workflow(name="retain", max_recovery_attempts=100)
def retain(day: str) -> None:
    """Delete what has been kept long enough, slice by slice."""
    with requests.for_run(f"retention-{day}"):
        _retain()


def _retain() -> None:
    counts = {Kept.OUTBOX.value: forget_outbox()}
    for kept in retention.IN_ROWS:
        after, counts[kept.value] = 0, 0
        while after >= 0:
            deleted, after = delete_slice(kept.value, after)
            counts[kept.value] += deleted
    finish_retention(counts)


def enqueue_retention() -> int:
    """Queue the run of this night when it is due; gives how many."""
    day = retention.day_due()
    if day is None:
        return 0
    _require_not_failed(f"retention-{day.isoformat()}")
    with SetWorkflowID(f"retention-{day.isoformat()}"):
        DBOS.enqueue_workflow(queues.DAILY, retain, day.isoformat())
    return 1


@DBOS.step(name="import_file", retries_allowed=True, interval_seconds=5, max_attempts=5, backoff_rate=2)
def import_file_once(name: str, size: int, written_ns: int, changed_ns: int) -> str:
    """Repeated, it sees that the file was imported, and only puts it aside."""
    return scheduled_imports.run(Found(name, size, written_ns, changed_ns))


@DBOS.step(name="refuse_file", retries_allowed=True, interval_seconds=5, max_attempts=10, backoff_rate=2)
def refuse_file_once(name: str, size: int, written_ns: int, changed_ns: int) -> str:
    """Repeated, it sees that this was said, and only puts the file aside."""
    return scheduled_imports.give_up(Found(name, size, written_ns, changed_ns))


@DBOS.workflow(name="import_file", max_recovery_attempts=20)
def import_file(name: str, size: int, written_ns: int, changed_ns: int) -> str:
    """A file that came into the import folder. One at which we fail must not stand in the way of the next ones."""
    with requests.for_run(f"import-{Found(name, size, written_ns, changed_ns).key}"):
        try:
            return import_file_once(name, size, written_ns, changed_ns)
        except Exception:  # noqa: BLE001  (whatever it was, DBOS has tried it five times and logged it)
            return refuse_file_once(name, size, written_ns, changed_ns)


def enqueue_import() -> int:
    """Queue the file that waits longest in the import folder, for when it has stopped changing; gives how many.

    One that lies there still after a run that ended well was not seen by the machine it ran on: another may see it.
    After one that failed it stays: somebody was told, and the same file again could undo a newer one.
    """
    found = import_folder.oldest()
    runs = take_over.listed(workflow_id_prefix=f"import-{found.key}") if found else []
    if found is None or any(run.status not in (*_LEFT_IT, *_FAILED) for run in runs):
        return 0
    _require_not_failed(f"import-{found.key}")
    wait = None if import_folder.is_said_to_be_complete(found.name) else SETTLES_S
    with SetWorkflowID(f"import-{found.key}-{len(runs)}"), SetEnqueueOptions(delay_seconds=wait):
        DBOS.enqueue_workflow(queues.IMPORTS, import_file, *astuple(found))
    return 1


def _require_not_failed(prefix: str) -> None:
    """A run that failed is not repeated by itself. Whoever looks after the jobs has to hear of it (housekeeping)."""
    if take_over.listed(workflow_id_prefix=prefix, status=_FAILED):
        raise RuntimeError(f"{prefix} failed")


def batch_of(workflow_id: str) -> int:
    """Which batch a workflow delivers, by its id; -1 for one that delivers none."""
    found = _ID.fullmatch(workflow_id)
    return int(found["batch"]) if found and found["batch"] else -1
