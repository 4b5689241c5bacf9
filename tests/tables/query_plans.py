"""How the database finds what it is asked: the lines of EXPLAIN, which SQLite calls EXPLAIN QUERY PLAN."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

AT_ONCE = ("CO-ROUTINE anon_1", "SCAN anon_1")  # how SQLite puts the rows together that its plan finds


@contextmanager
def noted(connection: sa.Connection, *, of: str, statements: bool = False) -> Iterator[list[str]]:
    """The plans of the statements with these words in them, while they are run; or the statements themselves."""
    said: list[str] = []
    explain, column = ("EXPLAIN QUERY PLAN", 3) if connection.dialect.name == "sqlite" else ("EXPLAIN", 0)

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if of in statement and statements:
            said.append(statement)
        elif of in statement:
            raw: Any = connection.connection.dbapi_connection
            lines = (str(row[column]) for row in raw.execute(f"{explain} {statement}", parameters))
            said.extend(line for line in lines if line not in AT_ONCE)

    sa.event.listen(connection, "before_cursor_execute", note)
    yield said
    sa.event.remove(connection, "before_cursor_execute", note)
