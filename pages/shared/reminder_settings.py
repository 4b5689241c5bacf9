"""Settings of reminders: whether unanswered invitations are sent again, when and how often."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.rules import reminders
from core.tables import school
from pages.shared import setting_fields
from pages.shared.setting_fields import Fields


def form(actor: Actor) -> None:
    """Saved as one; what the next run would do stands on its own page."""
    with database.reading() as db:
        fields = Fields(school.settings(db))
    with st.form("settings.reminders"):
        fields.switch("reminders")
        left, middle, right = st.columns(3)
        with left:
            fields.number("reminder_after_days", *reminders.AFTER_DAYS)
        with middle:
            fields.number("reminders_at_most", *reminders.AT_MOST)
        with right:
            fields.number("reminder_hour", *reminders.HOUR)
        pressed = st.form_submit_button("Save", type="primary")
    setting_fields.button(actor, fields, pressed, of="reminders")
    st.page_link("reminders.py", label="What the next run would do", icon=":material/visibility:")
