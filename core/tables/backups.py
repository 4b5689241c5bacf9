"""When the latest backup was made, as the audit knows it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import AuditEntry


def latest(db: Session) -> datetime | None:
    """None where there is none yet, or none since the audit was pruned."""
    made = sa.select(col(AuditEntry.at)).where(col(AuditEntry.action) == "backup.made")
    return db.scalar(made.order_by(col(AuditEntry.seq).desc()).limit(1))
