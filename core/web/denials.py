"""Whoever is signed in and asks for what is not theirs is written down (R95). Strangers are not: they could fill it.

A role that a service refuses is written down by the unit of work. What is left for pages and routes: what they refuse
themselves, and what is there for others while the service says that it is not.
"""

from __future__ import annotations

from core import database
from core.errors import AppError, NotAllowed, NotFound, Sought
from core.permissions import Actor
from core.services import access


def note(actor: Actor | None, refusal: AppError, *, sought: Sought | None = None) -> None:
    """In a transaction of its own, after the one that was refused."""
    if actor is None or not isinstance(refusal, NotAllowed | NotFound):
        return
    with database.reading() as db:
        denied = access.is_denial(db, refusal, sought=sought)
    if denied:
        with database.transaction() as db:
            access.refused(db, actor, refusal, sought=sought)
