"""EXISTS that is asked row by row, for a page that ends soon.

PostgreSQL puts together whoever has what is asked (150,000 guardians with a number) before it looks at the first row,
as it expects all rows to be looked at: 0.3 s for each such question. SQLite never does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler


class OneByOne(sa.ColumnElement[bool]):
    """The same EXISTS."""

    inherit_cache = True
    type = sa.Boolean()
    _traverse_internals = [("exists", visitors.InternalTraversal.dp_clauseelement)]  # noqa: RUF012  (SQLAlchemy's own name for it)

    def __init__(self, exists: sa.Exists) -> None:
        self.exists = exists


@compiles(OneByOne)
def _as_it_is(element: OneByOne, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.process(element.exists, **options))


@compiles(OneByOne, "postgresql")
def _for_postgresql(element: OneByOne, compiler: SQLCompiler, **options: Any) -> str:
    """Through an OFFSET it does not look, so it cannot turn the question round."""
    rows = str(compiler.process(element.exists.element, **options))
    return f"EXISTS {rows.removesuffix(')')} OFFSET 0)"


def each(conditions: Iterable[sa.ColumnElement[bool]]) -> list[sa.ColumnElement[bool]]:
    """The same conditions with every EXISTS in them asked row by row."""
    return [visitors.replacement_traverse(condition, {}, instead) for condition in conditions]


def instead(element: Any, **_options: Any) -> Any:
    """What stands in the place of a part of a condition; None leaves it and looks at its own parts."""
    return OneByOne(element) if isinstance(element, sa.Exists) else None
