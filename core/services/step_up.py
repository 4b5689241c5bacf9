"""Proving anew who one is, before an act that touches many (R31)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.models import SignInSession
from core.permissions import Actor
from core.services import audit


def note(db: Session, actor: Actor) -> None:
    """Remember with the sign-in that its person has just typed the right password (sign_in.confirm said so)."""
    mine = sa.update(SignInSession).where(col(SignInSession.id) == actor.session_id)
    db.execute(mine.values(confirmed_at=clock.now()))
    audit.record(db, actor, action="sign_in.confirmed", object_kind="account", object_id=actor.account_id)
