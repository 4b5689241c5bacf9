"""What this process counts and times for Prometheus; nothing in it is about a person."""

from __future__ import annotations

import sqlite3
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)

REQUESTS = Histogram(
    "firstkey_request_seconds", "Answers to browsers.", ["area", "status"], buckets=_SECONDS, registry=REGISTRY
)
RUNS = Histogram("firstkey_staff_page_seconds", "Runs of staff pages.", ["page"], buckets=_SECONDS, registry=REGISTRY)
DATABASE_ERRORS = Counter("firstkey_database_errors", "Errors of the database.", ["kind"], registry=REGISTRY)
FAULTS = Counter("firstkey_faults", "Errors that nobody expected; each has a number in the log.", registry=REGISTRY)

QUERY_CANCELED = "57014"  # PostgreSQL's word
MAY_GIVE_UP = "may give up"  # in the notes of a connection while its statements have a limit that is no fault


def database_failed(context: Any) -> None:
    """Listens to SQLAlchemy's engine. A walk that gives up (tables.short_walk) is no error."""
    error, connection = context.original_exception, context.connection
    if not (gave_up(error) and connection is not None and MAY_GIVE_UP in connection.info):
        DATABASE_ERRORS.labels(type(error).__name__).inc()


def gave_up(error: BaseException | None) -> bool:
    """Whether a statement came to its limit."""
    interrupted = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return interrupted or getattr(error, "sqlstate", None) == QUERY_CANCELED
