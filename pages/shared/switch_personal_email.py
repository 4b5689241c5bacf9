"""The window of *Use Personal E-mail* for many students."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.services import selections, students
from pages.shared import feedback


@st.dialog("Use Personal E-mail")
def confirm(actor: Actor, selection_id: int, *, on: bool) -> None:
    """Say for how many, then switch."""
    word = "on" if on else "off"
    with feedback.refusals_shown(), database.reading() as db:
        number = selections.size(db, actor, selection_id=selection_id)
    st.write(f"Switch Use Personal E-mail {word} for {number:,} students?")
    st.caption("Invitations by e-mail go to the personal e-mail only while this is on.")
    if st.button(f"Switch {word} for {number:,} students", type="primary"):
        with feedback.refusals_shown(), database.transaction() as db:
            changed = students.use_personal_email(db, actor, selection_id=selection_id, on=on)
        feedback.later(f"Use Personal E-mail is now {word} for {number:,} students; {changed:,} were changed.")
        st.rerun()
