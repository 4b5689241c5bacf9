"""The alerts of late, newest first, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import Alert
from core.permissions import Actor, Permission
from core.rules import alerts
from core.rules.alerts import AlertKind
from core.tables import audit_names

AT_MOST = 100


@dataclass(frozen=True)
class Said:
    """One alert as it stands on the page."""

    kind: AlertKind
    at: datetime
    sentence: str


def latest(db: Session, actor: Actor, *, within: timedelta) -> list[Said]:
    """Those of the time before now."""
    actor.require(Permission.SEE_AUDIT)
    lately = sa.select(Alert).where(col(Alert.at) > clock.now() - within).order_by(col(Alert.id).desc())
    rows = list(db.scalars(lately.limit(AT_MOST)))
    names = audit_names.owners(db, {row.account_id for row in rows if row.account_id is not None})
    return [_said(row, names.get(row.account_id or 0, audit_names.GONE)) for row in rows]


def _said(row: Alert, who: str) -> Said:
    kind = AlertKind(row.kind)
    return Said(kind, row.at, alerts.sentence(kind, {"number": row.number}, who=who))
