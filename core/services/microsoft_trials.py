"""Trying out the connection to Microsoft: who may, and where a test message goes."""

from __future__ import annotations

from sqlmodel import Session

from core.errors import NotFound
from core.models import Person
from core.permissions import Actor, Permission
from core.services import audit


def begin(db: Session, actor: Actor, *, trial: str) -> str:
    """Write down that somebody tries it; gives their own e-mail address, the only one that a test goes to."""
    actor.require(Permission.CHANGE_SETTINGS)
    person = db.get(Person, actor.person_id) if actor.person_id else None
    if person is None:
        raise NotFound("A test is for somebody who has signed in.")
    audit.record(db, actor, action="microsoft.tried", object_kind="school", details={"trial": trial})
    return person.contact_email
