"""From how many people on an act asks anew who does it (R31). What always asks says `actor.require_fresh()`."""

from __future__ import annotations

from sqlmodel import Session

from core.permissions import Actor
from core.tables import school


def require_above(db: Session, actor: Actor, *, people: int) -> None:
    """Refuse an act on more people than the school's limit until the actor proves anew who they are."""
    if people > school.settings(db).fresh_code_above:
        actor.require_fresh()
