"""The notes of the database about whom it changed: only the newest are of use."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import PersonChange

KEPT = 200_000  # whoever has followed no further reads everybody again, which is as quick


def forget_old(db: Session) -> int:
    """All but the newest; gives how many."""
    newest = sa.select(sa.func.max(col(PersonChange.id))).scalar_subquery()
    old = sa.delete(PersonChange).where(col(PersonChange.id) <= newest - KEPT)
    return int(db.execute(old.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]
