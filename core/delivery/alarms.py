"""Looks for what a person should know of, and sends it (R98); notes the audit where it is whole (R99)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from core import database
from core.services import alerts, audit_anchors
from core.services.alerts import Finding

logger = logging.getLogger(__name__)


def look() -> int:
    """What is too much now; gives how many alerts that is."""
    with database.reading() as db:
        found = alerts.look(db)
    return sound(found)


def check_audit() -> int:
    """The whole audit."""
    with database.reading() as db:
        found = alerts.check_whole(db)
    return sound(found)


def look_at_disks() -> int:
    """Every machine for itself."""
    with database.reading() as db:
        found = alerts.check_disks(db)
    return sound(found)


def note_audit() -> int:
    """Every machine for itself: where a cut at the end of the audit would show. Missing notes are told, then begun."""
    with database.reading() as db:
        found = alerts.check_notes(db)
    sounded = sound(found)
    with database.reading() as db:
        is_new = audit_anchors.drop(db)
    if is_new:
        newest = audit_anchors.read()[-1]
        logger.info(audit_anchors.LINE, newest.seq, newest.seal, newest.at)  # a log host keeps it out of reach
    return sounded


def sound(found: Sequence[Finding]) -> int:
    """Raise each; the engine sees by itself that there is something to send."""
    for finding in found:
        with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            alerts.raise_(db, finding=finding)
    return len(found)
