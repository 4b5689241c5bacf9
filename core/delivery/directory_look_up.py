"""Reads Microsoft's directory, page by page, and compares it with the school."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import database
from core.delivery import directory_work
from core.services import directory_look_ups, directory_updates
from core.services.directory_attempts import Attempt

if TYPE_CHECKING:
    from core.gateways.microsoft_directory import Directory

NOT_ALLOWED = (
    "The application may not read users. Give it the application permission User.Read.All, then press “Grant admin "
    "consent”, and look up again."
)


def run(run_id: int) -> None:
    """From the beginning, whoever began it before."""
    directory_work.run(run_id, _look_up, not_allowed=NOT_ALLOWED)


def _look_up(directory: Directory, attempt: Attempt) -> None:
    for users in directory.users():
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            if not directory_look_ups.keep(db, attempt, users=users):
                return
        directory_work.pause(0)
    with database.reading() as db:
        matches = directory_look_ups.compare(db, attempt)
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        if directory_look_ups.finish(db, attempt, matches=matches) and attempt.by_itself:
            directory_updates.after_look_up(db)


def begin_at_night() -> int:
    """The look-up of the night, when it is due; gives how many."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return int(directory_updates.look_up_at_night(db))


def forget_old() -> int:
    """Who is in the directory, when nobody has looked for long."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return directory_look_ups.forget_old(db)
