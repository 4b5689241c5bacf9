"""Faults of our own: the person gets a reference, the log gets the rest, and neither gets a secret."""

from __future__ import annotations

import logging
import re
import secrets
import sqlite3

import sqlalchemy as sa

from core import clock, database, measures, requests
from core.logs import names
from core.services import fault_notes

logger = logging.getLogger(__name__)

BUSY = "Firstkey is very busy just now. Nothing was changed. Try again in a minute."
SENTENCE = "Something went wrong on our side. Try again; if it stays, tell your school's office this number: %s"
NOTING_MS = 1_000
_FILE = r"/files/(?![a-z]+(?:-[a-z]+)*\Z)"  # the kinds of files that are asked for are words, and no secret
_SECRET_PATHS = re.compile(rf"^(/i/|/v/|/setup/|{_FILE}|/media/|/_stcore/upload_file/).*", re.DOTALL)


def log(error: BaseException, where: str) -> str:
    """Write an unexpected error down under a reference that a person can read out."""
    reference = secrets.token_hex(4).upper()
    measures.FAULTS.inc()
    if not is_busy(error):
        _note(reference, names(error), where)
    logger.error("fault %s at %s", reference, where, exc_info=error)
    return reference


def _note(reference: str, what: str, where: str) -> None:
    """For the Health page; where the database is what is wrong, the log alone has it."""
    note = {"reference": reference, "at": clock.now(), "place": where, "what": what, "request": requests.current()}
    try:
        with database.transaction(wait_ms=NOTING_MS) as db:
            fault_notes.note(db, **note)  # type: ignore[arg-type]
    except sa.exc.SQLAlchemyError:
        logger.warning("fault %s could not be noted", reference)


def is_busy(error: BaseException) -> bool:
    """Whether the database had no time for us, or is just starting again; the same request will do later (F5, F6)."""
    if isinstance(error, sa.exc.OperationalError) and isinstance(error.orig, sqlite3.OperationalError):
        return "locked" in str(error.orig)  # SQLite says the same class for a missing table
    return isinstance(error, sa.exc.OperationalError | sa.exc.TimeoutError)


def redacted(path: str) -> str:
    """An address as it may stand in a log: without link tokens and session ids (R19, R43)."""
    return _SECRET_PATHS.sub(r"\1[redacted]", path)[:200]
