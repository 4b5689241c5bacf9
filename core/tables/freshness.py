"""Whether somebody has just proved who they are (R31)."""

from __future__ import annotations

from sqlmodel import Session

from core import clock
from core.models import SignInSession
from core.permissions import Actor
from core.rules.launch_limits import FRESH


def is_fresh(db: Session, actor: Actor) -> bool:
    """Whether they signed in, or typed their password again, less than ten minutes ago.

    The command line has no sign-in: whoever may run it has proved more.
    """
    if actor.account_id is None:
        return True
    session = db.get(SignInSession, actor.session_id) if actor.session_id else None
    if session is None:
        return False
    return max(moment for moment in (session.created_at, session.confirmed_at) if moment) > clock.now() - FRESH
