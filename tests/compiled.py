"""What SQLAlchemy compiled is kept from test to test, as a server keeps it from request to request.

Each test has a database and so an engine of its own, and compiling was half the work of a short test.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import sqlalchemy as sa
from sqlalchemy.util import LRUCache

from core import database

_AT_MOST = 4_000
_makers = {name: getattr(database, name).__wrapped__ for name in ("engine", "_readers")}
_dialects: dict[str, sa.Dialect] = {}  # compiled statements belong to the dialect that compiled them
_statements: LRUCache[object, object] = LRUCache(_AT_MOST)


def keep() -> None:
    """Let every engine that Firstkey makes know the statements of those before it."""
    for name, make in _makers.items():
        setattr(database, name, lru_cache(partial(_knowing, make)))


def _knowing(make: Callable[[], sa.Engine]) -> sa.Engine:
    made = make()
    made._compiled_cache = _statements
    known = _dialects.get(made.name)
    if known is None:  # it knows its database from the first connection on, and that may never come
        sa.event.listen(made, "connect", lambda *_connection: _dialects.setdefault(made.name, made.dialect))
    else:
        made.dialect = made.pool._dialect = known
    return made
