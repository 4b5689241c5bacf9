"""Reads the mailbox to which undeliverable e-mails come back, and marks their messages and addresses."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from core import database
from core.delivery import batches
from core.errors import GatewayError, SettingsError
from core.gateways import bounce_mailbox
from core.gateways.bounce_mailbox import BounceMailbox, Letter
from core.rules import bounce_reports
from core.services import bounces
from core.tables import school

logger = logging.getLogger(__name__)


def run_once() -> int:
    """Read what is new; gives how many messages failed by it. Does nothing in the demo or without a mailbox.

    Raises where it cannot be read, after the log has said why: housekeeping tells somebody when that goes on.
    """
    came_back = 0
    try:
        mailbox = _mailbox()
        if mailbox is None:
            return 0
        with mailbox:
            for letters in mailbox.unread():
                came_back += _record(letters)
                mailbox.mark_seen(letters)  # after the commit: what is read twice changes nothing, what is lost would
                if batches.stopping.is_set():
                    break
    except (GatewayError, SettingsError) as problem:
        logger.warning("returned mail cannot be read: %s", problem)
        raise
    if came_back:
        logger.info("%s e-mails came back", came_back)
    return came_back


def _mailbox() -> BounceMailbox | None:
    with database.reading() as db:
        if school.settings(db).is_demo:
            return None
    return bounce_mailbox.from_settings()


def _record(letters: Sequence[Letter]) -> int:
    found = (bounce_reports.read(letter.content) for letter in letters)
    reports = [report for report in found if report is not None]
    if not reports:
        return 0
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        return bounces.record(db, reports=reports)
