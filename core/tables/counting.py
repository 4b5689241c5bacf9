"""How many rows a query has."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session


def rows(db: Session, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> int:
    """Counted by the database; a query with a limit is counted no further."""
    return db.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
