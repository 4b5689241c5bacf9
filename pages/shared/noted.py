"""What the audit learns of looking and of being refused, each in a transaction of its own (R95)."""

from __future__ import annotations

import streamlit as st

from core import database
from core.errors import AppError
from core.permissions import Actor
from core.services import access
from core.services.access import Sought


def card(actor: Actor, person_id: int) -> None:
    """The card of a person is drawn; once in a while the audit says so."""
    with database.reading() as db:
        due = access.is_due_to_note(db, actor, person_id=person_id)
    if due:
        with database.transaction() as db:
            access.note_look(db, actor, person_id=person_id)


def refusal(actor: Actor | None, said: AppError, sought: Sought | None = None) -> None:
    """Somebody who is signed in was refused what they may not do or see; other refusals are no denial."""
    if actor is None:
        return
    with database.reading() as db:
        denied = access.is_denial(db, said, sought=sought)
    if denied:
        with database.transaction() as db:
            access.refused(db, actor, where=_page(), reason=access.reason(said), sought=sought)


def _page() -> str:
    """The path of the page; what stands behind the question mark may be personal."""
    return str(st.context.url or "").partition("?")[0].rpartition("/")[2][:50]
