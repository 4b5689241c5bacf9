"""Acts that ask who does them (R31): the click is kept, the code is asked beside it, and then the act goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import streamlit as st

from core import clock
from core.permissions import Actor
from core.rules.launch_limits import FRESH
from core.web import proof

NOTHING_TO_TYPE = (
    "This asks once more who you are. Sign out and sign in with Microsoft again: that counts for ten minutes. Or set "
    "up an authenticator app under My account, and its codes are asked for here."
)
FORGOTTEN_AFTER = timedelta(minutes=3)  # a click of which nobody thinks any more is not carried out later


def proved(actor: Actor, pressed: bool, *, key: str, act: str) -> Actor | None:
    """Who may do it now: at the click where they proved lately who they are, else in the run in which the code came.

    `key` names the act and what it is about; `act` is what the button says.
    """
    if pressed and actor.is_fresh:
        return actor
    name = f"fresh.{key}"
    if pressed:
        st.session_state[name] = clock.now()
    clicked = st.session_state.get(name)
    if clicked is None:
        return None
    if clicked + FORGOTTEN_AFTER < clock.now():
        del st.session_state[name]
        return None
    now = ask(actor, key=key, act=act)
    if now is not None:
        del st.session_state[name]
    return now


def ask(actor: Actor, *, key: str, act: str) -> Actor | None:
    """Draw the form; in the run in which the right code came: the same actor, fresh from now on."""
    if not proof.has_any(actor):
        st.info(NOTHING_TO_TYPE, icon=":material/info:")
        return None
    by_code, place = proof.by_code(actor), st.empty()
    with place, st.form(f"fresh.form.{key}", border=True, clear_on_submit=True, width=440):
        st.markdown("**One moment: is it you?**")
        if by_code:
            typed = st.text_input("Six digits from your authenticator app", autocomplete="one-time-code")
        else:
            typed = st.text_input("Your password", type="password", autocomplete="current-password")
        st.caption("So that nobody else does this at your screen. It counts for ten minutes.")
        if not st.form_submit_button(f"It is me: {act[:1].lower()}{act[1:]}", type="primary"):
            return None
    if proof.given(actor, typed, carried=st.context.cookies):
        place.empty()
        return replace(actor, fresh_until=clock.now() + FRESH)
    st.error(proof.WRONG, icon=":material/info:")
    return None
