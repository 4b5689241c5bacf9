"""Settings: what the school decides, in sections; and leaving the demo school."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.services import school, setup, wordings
from core.tables.school import settings as own_settings
from pages.shared import (
    feedback,
    fresh_code,
    guard,
    import_settings,
    logo_settings,
    message_settings,
    microsoft_settings,
    reminder_settings,
    retention_settings,
    school_settings,
    session_settings,
    username_settings,
)

SECTIONS: dict[str, Callable[[Actor], None]] = {
    "School": school_settings.of_school,
    "Logo": logo_settings.form,
    "Accounts": school_settings.of_accounts,
    "Usernames": username_settings.form,
    "Passwords": school_settings.of_passwords,
    "Sessions": session_settings.form,
    "Microsoft 365": microsoft_settings.form,
    "Invitations": school_settings.of_invitations,
    "Reminders": reminder_settings.form,
    "Text messages": message_settings.form,
    "Limits": message_settings.limits,
    "Imports": import_settings.form,
    "Retention": retention_settings.form,
    "Alerts": school_settings.of_alerts,
}
DEMO = "Start with my own school"


def _own_school(actor: Actor) -> None:
    with database.reading() as db:
        gone = school.what_would_go(db)
    st.write(
        f"This removes the demo: {gone.people:,} people, {gone.accounts:,} accounts, {gone.messages:,} messages. "
        "A new key is made, so every link and session of the demo ends, yours too. It cannot be undone."
    )
    name = st.text_input("Name of my school", key="own_school")
    sure = st.text_input("Type REMOVE to confirm", key="own_school_sure")
    act = "Remove the demo and start with my own school"
    pressed = st.button(act, disabled=sure != "REMOVE" or not name.strip())
    if now_fresh := fresh_code.proved(actor, pressed, key="settings.own_school", act=act):
        with feedback.refusals_shown():
            with database.transaction() as db:
                school.start_own(db, now_fresh, school_name=name)
                wordings.ensure_defaults(db)
                link = setup.new_link(db)
            # Nothing that the browser would have to fetch first: without the session it gets nothing any more.
            st.markdown("**The demo school is gone and you are signed out.**")
            st.markdown(f"[Create the first administrator]({link})")
            st.stop()


def _sections() -> dict[str, Callable[[Actor], None]]:
    with database.reading() as db:
        is_demo = own_settings(db).is_demo
    return SECTIONS | ({DEMO: _own_school} if is_demo else {})


actor = guard.require(Permission.CHANGE_SETTINGS)
st.title("Settings")
feedback.said()
sections = _sections()
named = st.query_params.get("section", "")
chosen = st.pills("Section", list(sections), default=named if named in sections else "School", required=True)
with st.container(width=860):
    sections[chosen](actor)
