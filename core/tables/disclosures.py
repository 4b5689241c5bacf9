"""Who saw, printed, exported or was sent the data of some people between two moments (R104)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import InputProblem
from core.models import AuditEntry
from core.permissions import Actor, Permission
from core.rules import audit_words
from core.tables import audit_about, audit_names


@dataclass(frozen=True)
class Disclosure:
    """One act, and whom of those asked about it showed: `people` of them, the first of them by name."""

    seq: int
    at: datetime
    who: str
    role: str
    what: str
    ip: str
    people: int
    named: str


def found(
    db: Session, actor: Actor, *, person_ids: Sequence[int], since: datetime, until: datetime
) -> list[Disclosure]:
    """Every act that showed any of these people to somebody, newest first; looks at every entry between the two."""
    actor.require(Permission.SEE_AUDIT)
    if not person_ids:
        raise InputProblem("Nobody is named. Choose the people whom the question is about.")
    acts = sa.select(AuditEntry).where(
        col(AuditEntry.at) >= since,
        col(AuditEntry.at) < until,
        col(AuditEntry.action).in_(audit_words.of_kinds(audit_words.DISCLOSES)),
        col(AuditEntry.result) == "done",
    )
    looked_through = db.scalars(acts.order_by(col(AuditEntry.seq).desc())).all()
    shown = list(audit_about.about(db, looked_through, audit_about.ask(db, person_ids)))
    names = audit_names.of(db, [entry for entry, _ids in shown])
    people = audit_names.people(db, {one for _entry, ids in shown for one in ids[: audit_names.NAMED]})
    return [_said(entry, ids, names, people) for entry, ids in shown]


def _said(entry: AuditEntry, ids: list[int], names: audit_names.Names, people: dict[int, str]) -> Disclosure:
    named = audit_names.some(ids, people)
    who, what = names.actor(entry.actor, entry.account_id), audit_words.said(entry.action)
    return Disclosure(entry.seq, entry.at, who, entry.role, what, entry.ip, len(ids), named)
