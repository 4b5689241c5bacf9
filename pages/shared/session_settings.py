"""The part of the settings about signing in: how long sessions live, who is told of a new device."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.services import school
from core.tables.school import settings as school_settings
from pages.shared import feedback


def form(actor: Actor) -> None:
    """Saved as one. The bounds are those of rules.school_fields."""
    with database.reading() as db:
        now = school_settings(db)
    with st.form("session_settings"):
        st.subheader("Signing in")
        left, right = st.columns(2)
        idle = left.number_input(
            "Sign out administrators after minutes without use", 5, 30, now.administrator_idle_minutes
        )
        hours = right.number_input(
            "and after hours in any case", 1, 12, now.administrator_session_hours, key="admin_hours"
        )
        changes: dict[str, object] = {
            "administrator_idle_minutes": int(idle),
            "administrator_session_hours": int(hours),
        }
        idle = left.number_input("Sign out everybody else after minutes without use", 5, 60, now.idle_minutes)
        hours = right.number_input("and after hours in any case", 1, 24, now.session_hours, key="hours")
        changes |= {"idle_minutes": int(idle), "session_hours": int(hours)}
        changes["tell_students_of_new_devices"] = st.toggle(
            "Tell students by e-mail when their account is opened on a new device",
            now.tell_students_of_new_devices,
            help="Staff and guardians are always told. Students who share computers would be told every day.",
        )
        if st.form_submit_button("Save sign-in settings", type="primary"):
            _save(actor, changes)


def _save(actor: Actor, changes: dict[str, object]) -> None:
    with feedback.refusals_shown():
        with database.transaction() as db:
            changed = school.change_settings(db, actor, changes=changes)
        st.toast("Saved." if changed else "Nothing changed.")
