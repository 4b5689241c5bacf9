"""Ways that PostgreSQL's planner may not take where we know better.

In the order of a list it guesses that of people who can be written to there are a few hundred, and would sort all
students for a page of them: 0.7 s at 100,000 against 0.04. To look up thousands of rows by their keys it would read an
index of all students as well. Of tables that grew a moment ago it knows nothing yet, and reads all of them to find the
people of six messages. SQLite is told by hints in the statement itself (unindexed).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlmodel import Session

from core.database import KEPT

_READ_ALL = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan")


def _setting(*ways: str) -> sa.Select[tuple[str, ...]]:
    return sa.select(*(sa.func.set_config(way, sa.bindparam("value"), sa.true()) for way in ways))


_BY_KEY = "SELECT " + ", ".join(f"set_config('{way}', 'off', true)" for way in _READ_ALL)
_OTHERS = ("enable_bitmapscan", "enable_sort", "enable_material", "enable_gathermerge")  # none follows an index
_IN_ORDER = _setting(*_READ_ALL, *_OTHERS)


@contextmanager
def walking(db: Session) -> Iterator[None]:
    """Leave indexes as the only way for the statements of the block; other transactions do not feel it."""
    if not _is_postgresql(db):
        yield
        return
    db.connection().execute(_IN_ORDER, {"value": "off"}, execution_options=KEPT)
    yield
    db.connection().execute(_IN_ORDER, {"value": "on"}, execution_options=KEPT)


def by_key(db: Session) -> None:
    """Whatever this transaction asks for is found by its key, however little is known of how much there is."""
    if _is_postgresql(db):
        db.connection().exec_driver_sql(_BY_KEY)  # every commit of the delivery asks for it


def _is_postgresql(db: Session) -> bool:
    return db.get_bind().dialect.name == "postgresql"
