"""Takes the oldest entries from the audit, behind a checkpoint that is sealed like every entry (R99, R102)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import AuditEntry, AuditPruning
from core.permissions import system
from core.services import audit

AT_ONCE = 5_000


def due(db: Session, *, before: datetime) -> int:
    """How many entries are older than this moment, from the first one on."""
    first, through = _range(db, before)
    return max(0, through - first + 1)


def prune(db: Session, *, before: datetime, at_most: int = AT_ONCE) -> int:
    """Take entries older than this moment; gives how many. The checkpoint says through which one, and with which seal.

    Entry and deletion are one transaction, so the chain verifies between any two slices.
    """
    first, through = _range(db, before)
    through = min(through, first + at_most - 1)
    if through < first:
        return 0
    seal = db.scalar(sa.select(col(AuditEntry.seal)).where(col(AuditEntry.seq) == through))
    details = {"through": through, "seal": seal, "entries": through - first + 1}
    audit.record(db, system("retention"), action=audit.PRUNED, object_kind="audit", details=details)
    db.expunge_all()
    allowed = sa.update(AuditPruning).values(upto=through)
    if db.execute(allowed).rowcount == 0:  # type: ignore[attr-defined]
        db.execute(sa.insert(AuditPruning).values(upto=through))
    db.execute(sa.delete(AuditEntry).where(col(AuditEntry.seq) <= through).execution_options(synchronize_session=False))
    return through - first + 1


def _range(db: Session, before: datetime) -> tuple[int, int]:
    """The first entry there is, and the last of those before the moment. A clock set back does not make a gap."""
    seq = col(AuditEntry.seq)
    first, last = db.execute(sa.select(sa.func.min(seq), sa.func.max(seq))).one()
    if first is None:
        return 1, 0
    kept = sa.select(seq).where(col(AuditEntry.at) >= before).order_by(seq).limit(1)
    first_kept = db.scalar(kept)
    return int(first), (first_kept or int(last) + 1) - 1
