"""Whoever is signed in and asks for what is not theirs is written down (R95). Strangers are not: they could fill it."""

from __future__ import annotations

from core import database
from core.errors import AppError, NotAllowed, NotFound
from core.permissions import Actor
from core.services import access
from core.services.access import Sought
from core.web import faults


def note(actor: Actor | None, refusal: AppError, *, where: str, sought: Sought | None = None) -> None:
    """In a transaction of its own, after the one that was refused."""
    if actor is None or not isinstance(refusal, NotAllowed | NotFound):
        return
    with database.reading() as db:
        denied = access.is_denial(db, refusal, sought=sought)
    if denied:
        with database.transaction() as db:
            access.refused(db, actor, where=faults.redacted(where), reason=access.reason(refusal), sought=sought)
