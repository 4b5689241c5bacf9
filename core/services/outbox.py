"""Reading the embedded outbox: its messages hold live links."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from core import outbox
from core.errors import NotFound
from core.outbox import Written
from core.permissions import Actor, Permission
from core.services import audit
from core.tables import school


@dataclass(frozen=True)
class Listed:
    """A line of the outbox."""

    name: str
    to: str
    subject: str
    at: object


def page(db: Session, actor: Actor, *, number: int, size: int = 20) -> tuple[list[Listed], int]:
    """Newest first, without the texts: one page, and how many there are."""
    _may_read(db, actor)
    names = outbox.names()
    shown = [outbox.read(name) for name in names[(number - 1) * size : number * size]]
    return [Listed(item.name, item.to, item.subject, item.at) for item in shown if item], len(names)


def read(db: Session, actor: Actor, *, name: str) -> Written:
    """One message with its link. Outside the demo reading it is written to the audit."""
    _may_read(db, actor)
    is_demo = school.settings(db).is_demo
    if not is_demo:
        actor.require_fresh()
    found = outbox.read(name)
    if found is None:
        raise NotFound("This message is not in the outbox any more.")
    if not is_demo:
        audit.record(db, actor, action="outbox.read", object_kind="outbox", details={"reference": name[17:]})
    return found


def _may_read(db: Session, actor: Actor) -> None:
    """In the demo whoever may send may look; in a real school the links are real keys."""
    actor.require(Permission.SEND)
    if not school.settings(db).is_demo:
        actor.require(Permission.REVEAL_CREDENTIALS)
