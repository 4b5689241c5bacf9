"""Whether anything was committed since: for numbers that may be shown again while nothing has changed.

Complete by what the databases are, not by what writers remember to do. It may change without need (a heartbeat is a
commit too); it never stays the same when something has changed.
"""

from __future__ import annotations

import threading
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session

from core.tables.search import is_sqlite


def now(db: Session) -> str:
    """A word for the data as they are; to be asked before they are read, so that they are at least as new."""
    if not is_sqlite(db):
        return str(db.connection().scalar(sa.text("SELECT CAST(pg_current_snapshot() AS text)")))
    return _watcher(db.get_bind().engine.url).version()


class _Watcher:
    """SQLite counts for each connection the commits of all others: so one connection that writes nothing is kept."""

    def __init__(self, url: sa.URL) -> None:
        own = sa.create_engine(url, poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
        self._lock, self._connection = threading.Lock(), own.raw_connection()

    def version(self) -> str:
        with self._lock:
            cursor = self._connection.cursor()
            counted = cursor.execute("PRAGMA data_version").fetchone()[0]
            cursor.close()
        return f"{id(self)}.{counted}"


@lru_cache(maxsize=4)
def _watcher(url: sa.URL) -> _Watcher:
    return _Watcher(url)
