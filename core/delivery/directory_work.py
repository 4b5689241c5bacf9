"""Work in Microsoft's directory: taken over, done with no transaction open while it is asked, or said why not."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from core import database
from core.delivery import batches
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import choose
from core.rules.directory_users import UNREADABLE
from core.services import directory_attempts
from core.services.directory_attempts import Attempt

if TYPE_CHECKING:
    from core.gateways.microsoft_directory import Directory

logger = logging.getLogger(__name__)


def run(run_id: int, work: Callable[[Directory, Attempt], None], *, not_allowed: str) -> None:
    """Return when it is done, refused or stopped. `not_allowed` says which permission is missing."""
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        attempt = directory_attempts.begin(db, run_id=run_id)
    if attempt is None:
        return
    try:
        directory = choose.microsoft_directory(pause=pause)
        try:
            work(directory, attempt)
        finally:
            directory.close()
    except (GatewayError, SettingsError) as error:
        logger.warning("work in Microsoft's directory ended: %s", error)
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            directory_attempts.fail(db, attempt, why=_why(error, not_allowed))


def pause(seconds: float) -> None:
    """Wait; a process that is to stop waits no longer, and the next one goes on."""
    if batches.stopping.wait(seconds):
        raise InterruptedError("Firstkey stops: this goes on when it starts again")


def _why(error: GatewayError | SettingsError, not_allowed: str) -> str:
    """A sentence for the administrator; never Microsoft's own text, which may quote addresses."""
    if isinstance(error, SettingsError):
        return str(error)
    if "(403)" in str(error):
        return not_allowed
    if error.kind is GatewayErrorKind.CONFIGURATION:
        return str(error)
    if error.retry_after:
        minutes = math.ceil(error.retry_after / 60)
        return f"Microsoft asks to wait for {minutes} minutes. Go on after that; what was done stays done."
    if error.reason == UNREADABLE:
        return (
            "Microsoft's answers cannot be read. Something on the way, such as a proxy, may have put its own page in "
            "their place: look at this server's way to the internet, then try again. What was done stays done."
        )
    return "Microsoft did not answer for a while. Try again in some minutes; what was done stays done."
