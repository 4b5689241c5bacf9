"""Settings of sessions: how long they live, and who is told of a new device."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.tables import school
from pages.shared import setting_fields
from pages.shared.setting_fields import Fields


def form(actor: Actor) -> None:
    """Saved as one. The bounds are those of rules.school_fields."""
    with database.reading() as db:
        fields = Fields(school.settings(db))
    with st.form("settings.sessions"):
        left, right = st.columns(2)
        with left:
            fields.number("administrator_idle_minutes", 5, 30)
            fields.number("idle_minutes", 5, 60)
        with right:
            fields.number("administrator_session_hours", 1, 12)
            fields.number("session_hours", 1, 24)
        fields.switch("tell_students_of_new_devices")
        pressed = st.form_submit_button("Save", type="primary")
    setting_fields.button(actor, fields, pressed, of="sessions")
