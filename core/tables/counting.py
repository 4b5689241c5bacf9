"""How many rows a query has."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session


def rows(db: Session, query: sa.Select[Any] | sa.CompoundSelect[Any], *, up_to: int | None = None) -> int:
    """Counted by the database, no further than one more than `up_to`; a query with a limit is counted no further."""
    limited = query if up_to is None else query.limit(up_to + 1)
    return db.scalar(sa.select(sa.func.count()).select_from(limited.subquery())) or 0
