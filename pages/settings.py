"""Settings: what the school decides, and leaving the demo school."""

from __future__ import annotations

from zoneinfo import available_timezones

import phonenumbers
import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import words
from core.services import school, setup, wordings
from core.tables.school import settings as school_settings
from pages.shared import (
    feedback,
    fresh_code,
    guard,
    logo_settings,
    message_settings,
    microsoft_settings,
    reminder_settings,
    retention_settings,
    session_settings,
    username_settings,
)

ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix")))
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
LANGUAGES = [code for code in words.LANGUAGE if code]


def _form(actor: Actor) -> None:
    with database.reading() as db:
        now = school_settings(db)
    with st.form("settings"):
        st.subheader("School")
        changes: dict[str, object] = {"school_name": st.text_input("Name of the school", now.school_name)}
        left, right = st.columns(2)
        changes["time_zone"] = left.selectbox("Time zone", ZONES, ZONES.index(now.time_zone))
        changes["default_language"] = right.selectbox(
            "Language of messages when a person's own is not known",
            LANGUAGES,
            LANGUAGES.index(now.default_language),
            format_func=words.LANGUAGE.__getitem__,
        )
        changes["help_contact"] = st.text_input(
            "Help contact",
            now.help_contact,
            help="Stands in messages, for instance: office@school.example, 210 1234567",
        )
        st.subheader("Invitations")
        left, right = st.columns(2)
        changes["link_days"] = int(left.number_input("Days a link lasts", 1, 30, now.link_days))
        changes["default_region"] = right.selectbox(
            "Country of phone numbers without one", REGIONS, REGIONS.index(now.default_region)
        )
        changes["allowed_regions"] = st.multiselect("Countries that may get SMS", REGIONS, now.allowed_regions)
        st.subheader("Signing in")
        changes["second_factor"] = st.toggle(
            "Staff sign in with a code from their phone too",
            now.second_factor,
            help="Asked at the next sign-in: an authenticator app is set up once, with ten recovery codes for paper.",
        )
        left, right = st.columns(2)
        shortest = int(left.number_input("Shortest password, students and parents", 8, 64, now.password_length))
        staff = int(right.number_input("Shortest password, staff", 8, 64, now.staff_password_length))
        changes |= {"password_length": shortest, "staff_password_length": staff}
        if min(now.password_length, now.staff_password_length) < 15:
            st.warning("Passwords under 15 characters are guessed too easily where nothing else protects an account.")
        pressed = st.form_submit_button("Save settings", type="primary")
    if now_fresh := fresh_code.proved(actor, pressed, key="settings", act="Save settings"):
        _save(now_fresh, changes)


def _save(actor: Actor, changes: dict[str, object]) -> None:
    with feedback.refusals_shown():
        with database.transaction() as db:
            changed = school.change_settings(db, actor, changes=changes)
        st.toast(f"Saved: {', '.join(name.replace('_', ' ') for name in changed)}." if changed else "Nothing changed.")


def _own_school(actor: Actor) -> None:
    with database.reading() as db:
        if not school_settings(db).is_demo:
            return
        gone = school.what_would_go(db)
    st.divider()
    st.subheader("Start with my own school")
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


actor = guard.require(Permission.CHANGE_SETTINGS)
st.title("Settings")
feedback.said()
_form(actor)
logo_settings.form(actor)
message_settings.form(actor)
session_settings.form(actor)
username_settings.form(actor)
microsoft_settings.form(actor)
reminder_settings.form(actor)
retention_settings.form(actor)
_own_school(actor)
