"""What is learnt of using and looking, each in a transaction of its own (R36, R95)."""

from __future__ import annotations

import streamlit as st

from core import clock, database
from core.permissions import Actor
from core.rules import sign_in_limits
from core.services import access, open_session

_ASKED = "noted.use"


def use(actor: Actor) -> None:
    """What a person does counts as use of their session (R36); the database is asked now and then."""
    asked, now = st.session_state.get(_ASKED), clock.now()
    if asked is not None and asked + sign_in_limits.USE_IS_NOTED_AFTER > now:
        return
    st.session_state[_ASKED] = now
    with database.reading() as db:
        due = open_session.is_due_to_note(db, actor=actor)
    if due:
        with database.transaction() as db:
            open_session.note_use(db, actor=actor)


def card(actor: Actor, person_id: int) -> None:
    """The card of a person is drawn; once in a while the audit says so."""
    with database.reading() as db:
        due = access.is_due_to_note(db, actor, person_id=person_id)
    if due:
        with database.transaction() as db:
            access.note_look(db, actor, person_id=person_id)
