"""*Logo*: the picture on letters, slips and reports."""

from __future__ import annotations

from base64 import b64encode

import streamlit as st

from core import database
from core.permissions import Actor
from core.services import school
from core.tables.school import logo as school_logo
from pages.shared import feedback, fresh_code

# A PNG that was written by us; base64 has no letters that mean something in HTML (R54).
PICTURE = '<img alt="The logo" src="data:image/png;base64,{content}" style="max-height: 5rem; background: #fff">'
_TURN = "logo.turn"


def form(actor: Actor) -> None:
    """The logo as it is, another one, or none."""
    st.subheader("Logo")
    with database.reading() as db:
        now = school_logo(db)
    if now:
        st.html(PICTURE.format(content=b64encode(now).decode()))
        pressed = st.button("Remove the logo", icon=":material/delete:")
        if now_fresh := fresh_code.proved(actor, pressed, key="logo.remove", act="Remove the logo"):
            _change(now_fresh, None)
    else:
        st.write("No logo yet. Letters, slips and reports show the name of the school.")
    turn = st.session_state.get(_TURN, 0)
    chosen = st.file_uploader("PNG or JPEG", ["png", "jpg", "jpeg"], key=f"logo.{turn}", max_upload_size=2)
    if chosen is None:
        return
    pressed = st.button("Use this logo", type="primary")
    if now_fresh := fresh_code.proved(actor, pressed, key=f"logo.use.{turn}", act="Use this logo"):
        _change(now_fresh, chosen.getvalue())


def _change(actor: Actor, content: bytes | None) -> None:
    with feedback.refusals_shown(), database.transaction() as db:
        school.change_logo(db, actor, content=content)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    feedback.later("The logo is removed." if content is None else "The logo stands on letters, slips and reports now.")
    st.rerun()
