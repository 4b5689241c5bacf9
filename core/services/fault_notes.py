"""Faults under the number that a person reads out: for administrators, without a word of what the error said."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Fault

KEPT, AT_MOST_A_MINUTE = timedelta(days=30), 30


def note(db: Session, *, reference: str, at: datetime, place: str, what: str, request: str) -> None:
    """Keep it, unless so many came within a minute that one more says nothing."""
    lately = sa.select(sa.func.count()).select_from(Fault).where(col(Fault.at) > at - timedelta(minutes=1))
    if (db.scalar(lately) or 0) < AT_MOST_A_MINUTE:
        db.add(Fault(reference=reference, at=at, place=place, what=what, request=request))


def forget_old(db: Session) -> int:
    """Those of more than thirty days ago; gives how many."""
    old = sa.delete(Fault).where(col(Fault.at) < clock.now() - KEPT)
    return int(db.execute(old.execution_options(synchronize_session=False)).rowcount)  # type: ignore[attr-defined]
