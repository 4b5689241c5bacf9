"""The part of the settings about reminders: whether unanswered invitations are sent again, when and how often."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.rules import reminders
from core.services import school
from core.tables.school import settings as school_settings
from pages.shared import feedback


def form(actor: Actor) -> None:
    """Saved as one; what the next run would do stands on its own page."""
    with database.reading() as db:
        now = school_settings(db)
    with st.form("reminder_settings"):
        st.subheader("Reminders")
        on = st.toggle(
            "Send unanswered invitations again by themselves",
            now.reminders,
            help="By e-mail, with a new link that replaces the old one. Whoever was invited on paper gets none.",
        )
        left, middle, right = st.columns(3)
        after = left.number_input("Days after the last invitation", *reminders.AFTER_DAYS, now.reminder_after_days)
        most = middle.number_input("Reminders to one person at most", *reminders.AT_MOST, now.reminders_at_most)
        hour = right.number_input("From this hour on", *reminders.HOUR, now.reminder_hour)
        changes = {"reminders": on, "reminder_after_days": int(after), "reminders_at_most": int(most)}
        if st.form_submit_button("Save reminder settings", type="primary"):
            _save(actor, changes | {"reminder_hour": int(hour)})
    st.page_link("reminders.py", label="What the next run would do", icon=":material/visibility:")


def _save(actor: Actor, changes: dict[str, object]) -> None:
    with feedback.refusals_shown():
        with database.transaction() as db:
            changed = school.change_settings(db, actor, changes=changes)
        st.toast("Saved." if changed else "Nothing changed.")
