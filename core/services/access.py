"""Who looked at whose contacts, and who was refused what (R95)."""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, requests
from core.errors import AppError, NotAllowed, NotFound, Sought
from core.models import Account, AuditEntry, Person, Selection
from core.permissions import Actor, Permission
from core.services import audit

NOTED_AGAIN_AFTER = timedelta(minutes=10)
VIEWED, REFUSED = "card.viewed", "access.refused"
_KINDS: dict[str, Any] = {"person": Person, "account": Account, "selection": Selection}


def is_denial(db: Session, refusal: AppError, *, sought: Sought | None = None) -> bool:
    """Whether somebody asked for what is not theirs, and no unit of work has written it down.

    To be told that nothing is there is that too, where there is.
    """
    if isinstance(refusal, NotFound) and sought is not None:
        table = _KINDS[sought.kind]
        return db.scalar(sa.select(col(table.id)).where(col(table.id) == sought.id)) is not None
    return isinstance(refusal, NotAllowed) and not refusal.is_noted


def refused(db: Session, actor: Actor, refusal: AppError, *, sought: Sought | None = None) -> None:
    """Write down that `actor` asked for something and did not get it: where, of which door, and by what right."""
    asked, reason = {"where": requests.place(), "service": _door(refusal)}, "it is not theirs"
    if isinstance(refusal, NotAllowed):
        asked, reason = asked | {"permission": refusal.permission}, "the role does not include it"
        sought = refusal.sought or sought
    audit.record(
        db,
        actor,
        action=REFUSED,
        object_kind=sought.kind if sought else "",
        object_id=sought.id if sought else None,
        result="refused",
        reason=reason,
        details={name: value for name, value in asked.items() if value},
    )


def _door(refusal: AppError) -> str:
    """The function of services or tables that was called, as the way that the refusal came tells."""
    for frame, _line in traceback.walk_tb(refusal.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(("core.services.", "core.tables.")):
            return f"{module.rpartition('.')[2]}.{frame.f_code.co_name}"
    return ""


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
