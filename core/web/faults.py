"""Faults of our own: the person gets a reference, the log gets the rest, and neither gets a secret."""

from __future__ import annotations

import logging
import re
import secrets
import sqlite3
import traceback
from collections.abc import Iterator

import sqlalchemy as sa

logger = logging.getLogger(__name__)

BUSY = "Firstkey is very busy just now. Nothing was changed. Try again in a minute."
SENTENCE = "Something went wrong on our side. Try again; if it stays, tell your school's office this number: %s"
_SECRET_PATHS = re.compile(r"^(/i/|/setup/|/media/|/_stcore/upload_file/).*", re.DOTALL)


def log(error: BaseException, where: str) -> str:
    """Write an unexpected error down under a reference that a person can read out."""
    reference = secrets.token_hex(4).upper()
    if any(isinstance(one, sa.exc.DBAPIError) for one in _chain(error)):  # it may quote the row, rows are people (R97)
        stack = "".join(traceback.format_tb(error.__traceback__))
        logger.error("fault %s at %s: %s\n%s", reference, where, names(error), stack)
    else:
        logger.error("fault %s at %s", reference, where, exc_info=error)
    return reference


def names(error: BaseException) -> str:
    """The classes of an error and of those behind it, without what they say."""
    found = [type(one.orig if isinstance(one, sa.exc.DBAPIError) and one.orig else one) for one in _chain(error)]
    return " from ".join(kind.__name__ for kind in dict.fromkeys(found))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    behind: BaseException | None = error
    while behind is not None and id(behind) not in seen:
        seen.add(id(behind))
        yield behind
        behind = behind.__cause__ or behind.__context__


def is_busy(error: BaseException) -> bool:
    """Whether the database had no time for us, or is just starting again; the same request will do later (F5, F6)."""
    if isinstance(error, sa.exc.OperationalError) and isinstance(error.orig, sqlite3.OperationalError):
        return "locked" in str(error.orig)  # SQLite says the same class for a missing table
    return isinstance(error, sa.exc.OperationalError | sa.exc.TimeoutError)


def redacted(path: str) -> str:
    """An address as it may stand in a log: without link tokens and session ids (R19, R43)."""
    return _SECRET_PATHS.sub(r"\1[redacted]", path)[:200]
