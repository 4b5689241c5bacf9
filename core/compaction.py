"""Makes a SQLite file forget what was deleted (DESIGN §3).

Trigrams of names stay in the search index, and old pages in the file and its log, until both are written anew. Writers
wait meanwhile: about a second for 10,000 students. PostgreSQL clears its pages by itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from core import database
from core.tables.search import OF_A_STUDENT

# What stands in the search index of a table, and under which id: as in the migration that marked students (0020).
_MARK = "CASE WHEN kind = 'student' THEN :mark ELSE '' END"
SEARCHED = {
    "person": f"SELECT id, search_text || ' ' || {_MARK} FROM person",
    "account": (
        f"SELECT person_id, ' ' || username_key || ' ' || {_MARK} FROM account JOIN person ON person.id = person_id"
    ),
}


def compact() -> None:
    """Write the search indexes and the whole file anew. To be called after the commit of an erasure."""
    if not database.is_sqlite():
        return
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        for table, rows in SEARCHED.items():
            _search_anew(db, table, rows)
    connection = database.engine().raw_connection()
    try:
        connection.info.pop("wait_ms", None)  # it waits longer now than it thinks
        cursor = connection.cursor()
        for statement in (f"PRAGMA busy_timeout={database.WORKER_WAIT_MS}", "VACUUM", "ANALYZE"):
            cursor.execute(statement)
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.close()
    finally:
        connection.close()


def _search_anew(db: Session, table: str, rows: str) -> None:
    """The index holds no texts of its own, so it cannot rebuild itself: it is emptied and filled."""
    search = f"search_{table}"
    db.execute(sa.text(f"INSERT INTO {search}({search}) VALUES ('delete-all')"))
    db.execute(sa.text(f"INSERT INTO {search}(rowid, text) {rows}"), {"mark": OF_A_STUDENT})
