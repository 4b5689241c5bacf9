"""Typing one's password again before an act that others must not do at an unwatched screen (R31)."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.rules import password_hash
from core.services import sign_in, step_up
from core.tables import candidates


def ask(actor: Actor, why: str, *, key: str) -> bool:
    """Draw the form; true in the run in which the right password came."""
    with st.form(key, border=True, clear_on_submit=True):
        st.markdown(why)
        typed = st.text_input("Your password", type="password", autocomplete="current-password")
        return bool(st.form_submit_button("Confirm")) and _confirmed(actor, typed)


def _confirmed(actor: Actor, typed: str) -> bool:
    """A wrong one counts like a wrong one at the door, so the transaction is stored in any case."""
    with database.reading() as db:
        candidate = candidates.own(db, actor)
    fits = password_hash.fits(candidate.stored_hash, typed)
    with database.transaction() as db:
        right = sign_in.confirm(db, actor, candidate=candidate, fits=fits)
        if right:
            step_up.note(db, actor)
    if not right:
        st.error("This is not your password, or there were too many tries. Try again in a moment.")
    return right
