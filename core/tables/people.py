"""Single people: the name of whoever acts."""

from __future__ import annotations

from sqlmodel import Session

from core.models import Person
from core.permissions import Actor


def name_of(db: Session, actor: Actor) -> str:
    """The name of a person who has signed in, else what the audit calls the actor."""
    person = db.get(Person, actor.person_id) if actor.person_id else None
    return f"{person.first_name} {person.last_name}" if person else actor.label
