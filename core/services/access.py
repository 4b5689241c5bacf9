"""Who looked at whose contacts, and who was refused what: written down at the edges (R95)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import AppError, NotAllowed, NotFound
from core.models import Account, AuditEntry, Person, Selection
from core.permissions import Actor, Permission
from core.services import audit

NOTED_AGAIN_AFTER = timedelta(minutes=10)
VIEWED, REFUSED = "card.viewed", "access.refused"
_KINDS: dict[str, Any] = {"person": Person, "account": Account, "selection": Selection}


@dataclass(frozen=True)
class Sought:
    """What somebody asked for by its id."""

    kind: str
    id: int


def is_denial(db: Session, refusal: AppError, *, sought: Sought | None = None) -> bool:
    """Whether somebody asked for what is not theirs: to be told that nothing is there is that too, where there is."""
    if isinstance(refusal, NotFound) and sought is not None:
        table = _KINDS[sought.kind]
        return db.scalar(sa.select(col(table.id)).where(col(table.id) == sought.id)) is not None
    return isinstance(refusal, NotAllowed)


def reason(refusal: AppError) -> str:
    """Why, as the audit says it."""
    return "the role does not include it" if isinstance(refusal, NotAllowed) else "it is not theirs"


def refused(db: Session, actor: Actor, *, where: str, reason: str = "", sought: Sought | None = None) -> None:
    """Write down that `actor` asked for something and did not get it."""
    audit.record(
        db,
        actor,
        action=REFUSED,
        object_kind=sought.kind if sought else "",
        object_id=sought.id if sought else None,
        result="refused",
        reason=reason,
        details={"where": where},
    )


def is_due_to_note(db: Session, actor: Actor, *, person_id: int) -> bool:
    """Whether a look at this person's contacts has to be written down: in full, and not lately in this session."""
    if not actor.may(Permission.SEE_CONTACTS):
        return False
    mine = (col(AuditEntry.account_id) == actor.account_id, col(AuditEntry.session) == audit.session_of(actor))
    looks = sa.select(col(AuditEntry.seq)).where(
        col(AuditEntry.object_kind) == "person",
        col(AuditEntry.object_id) == person_id,
        col(AuditEntry.action) == VIEWED,
        col(AuditEntry.at) > clock.now() - NOTED_AGAIN_AFTER,
        *mine,
    )
    return db.scalar(looks.limit(1)) is None


def note_look(db: Session, actor: Actor, *, person_id: int) -> None:
    """Write down that `actor` has the card of this person before them."""
    audit.record(db, actor, action=VIEWED, object_kind="person", object_id=person_id)
