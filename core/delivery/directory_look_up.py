"""Reads Microsoft's directory, page by page, with no transaction open while Microsoft is asked."""

from __future__ import annotations

import logging

from core import database
from core.delivery import batches
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import choose
from core.services import directory_look_ups
from core.services.directory_look_ups import LookUp

NOT_ALLOWED = (
    "The application may not read users. Give it the application permission User.Read.All, then press “Grant admin "
    "consent”, and look up again."
)
logger = logging.getLogger(__name__)


def run(run_id: int) -> None:
    """Return when it is done, refused or stopped."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        look_up = directory_look_ups.begin(db, run_id=run_id)
    if look_up is None:
        return
    try:
        _read(look_up)
    except (GatewayError, SettingsError) as error:
        logger.warning("the directory could not be looked up: %s", error)
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            directory_look_ups.fail(db, look_up, why=_why(error))


def pause(seconds: float) -> None:
    """Wait; a process that is to stop waits no longer, and the next one begins again."""
    if batches.stopping.wait(seconds):
        raise InterruptedError("Firstkey stops: this goes on when it starts again")


def _read(look_up: LookUp) -> None:
    directory = choose.microsoft_directory(pause=pause)
    try:
        for users in directory.users():
            with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
                if not directory_look_ups.keep(db, look_up, users=users):
                    return
            pause(0)
    finally:
        directory.close()
    with database.reading() as db:
        matches = directory_look_ups.compare(db, look_up)
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        directory_look_ups.finish(db, look_up, matches=matches)


def _why(error: GatewayError | SettingsError) -> str:
    if isinstance(error, SettingsError):
        return str(error)
    if "(403)" in str(error):
        return NOT_ALLOWED
    if error.kind is GatewayErrorKind.CONFIGURATION:
        return str(error)
    return "Microsoft did not answer for a while. Nothing was changed; look up again in some minutes."
