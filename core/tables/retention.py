"""What is due to be deleted, by how long the school keeps it (R102)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import Account, AccountRole, AuditEntry, Guardianship, Invitation, Person, PersonKind, PersonStatus
from core.permissions import STAFF_ROLES
from core.rules.retention import Kept
from core.tables import counting, frames
from core.tables.filters import PAGE_SIZE

if TYPE_CHECKING:
    import pandas as pd

RAN = "retention.ran"
ENDS = (Invitation.used_at, Invitation.superseded_at, Invitation.expires_at)


def ended(before: datetime) -> sa.ColumnElement[bool]:
    """Holds for invitations that were used, superseded or over before this moment."""
    return sa.or_(*(col(end) < before for end in ENDS))


def leavers(before: datetime) -> sa.Select[Any]:
    """The ids of those who left, of whom nothing has changed since this moment; nobody who still works with it."""
    works = sa.select(col(AccountRole.id)).join(Account, col(Account.id) == col(AccountRole.account_id))
    works = works.where(
        col(Account.person_id) == col(Person.id),
        col(Account.deactivated_at).is_(None),
        col(AccountRole.role).in_(sorted(STAFF_ROLES)),
    )
    left = (col(Person.status) == PersonStatus.LEFT, col(Person.updated_at) < before)
    return sa.select(col(Person.id)).where(*left, ~works.exists())


def only_guardians_of(students: sa.Select[Any]) -> sa.Select[Any]:
    """The ids of guardians who answered for one of these students and for nobody else; nobody who works here."""
    tie, other = aliased(Guardianship), aliased(Guardianship)
    of_others = sa.select(col(other.id)).where(
        col(other.guardian_id) == col(Person.id), col(other.student_id).not_in(students)
    )
    mine = sa.select(col(tie.id)).where(col(tie.guardian_id) == col(Person.id), col(tie.student_id).in_(students))
    works = sa.select(col(AccountRole.id)).join(Account, col(Account.id) == col(AccountRole.account_id))
    works = works.where(col(Account.person_id) == col(Person.id), col(AccountRole.role).in_(sorted(STAFF_ROLES)))
    guardian = col(Person.kind) == PersonKind.GUARDIAN
    return sa.select(col(Person.id)).where(guardian, mine.exists(), ~of_others.exists(), ~works.exists())


def number_of_invitations(db: Session, *, before: datetime) -> int:
    return db.scalar(sa.select(sa.func.count()).select_from(Invitation).where(ended(before))) or 0


def number_of_people(db: Session, *, before: datetime) -> int:
    """Those who left, and the guardians whose only students they were."""
    return counting.rows(db, _people(before))


def people(db: Session, *, before: datetime) -> pd.DataFrame:
    """The first of them, by name."""
    columns: list[Any] = [
        col(Person.last_name).label("Last name"),
        col(Person.first_name).label("First name"),
        col(Person.source_id).label("Code"),
        col(Person.kind).label("Kind"),
        col(Person.updated_at).label("Last changed"),
    ]
    named = sa.select(*columns).where(col(Person.id).in_(_people(before)))
    result = db.execute(named.order_by(col(Person.sort_name), col(Person.id)).limit(PAGE_SIZE))
    return frames.table(result.all(), result.keys())


def last_run(db: Session) -> tuple[datetime, dict[str, int]] | None:
    """When it was done last, and how much of each went."""
    latest = sa.select(AuditEntry).where(col(AuditEntry.action) == RAN).order_by(col(AuditEntry.seq).desc()).limit(1)
    entry = db.scalars(latest).first()
    if entry is None:
        return None
    return entry.at, {kept.value: int(str(entry.details.get(kept.value, 0))) for kept in Kept}


def first_entry_at(db: Session) -> datetime | None:
    """When this installation began to write its audit."""
    return db.scalar(sa.select(col(AuditEntry.at)).order_by(col(AuditEntry.seq)).limit(1))


def _people(before: datetime) -> sa.CompoundSelect[Any]:
    left = leavers(before)
    return left.union(only_guardians_of(sa.select(left.subquery().c.id)))
