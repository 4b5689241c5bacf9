"""Reminders: what the next run will do, to whom, who is left out and why; the runs that were made; the switch."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from core import database
from core.models import SchoolSettings
from core.permissions import Actor, Permission
from core.services import campaigns, reminders, school
from core.tables import reminders as table
from core.tables.school import settings as school_settings
from pages.shared import export_menu, feedback, fresh_code, guard, reminder_preview


def _heading(actor: Actor, own: SchoolSettings) -> None:
    pressed, label = False, ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Reminders", width="stretch")
        if actor.may(Permission.CHANGE_SETTINGS):
            label, icon = (
                ("Stop reminders", "notifications_off") if own.reminders else ("Start reminders", "play_arrow")
            )
            kind = "secondary" if own.reminders else "primary"
            pressed = st.button(label, type=kind, icon=f":material/{icon}:")
            st.page_link(
                "settings.py",
                label="Change when and how often",
                icon=":material/tune:",
                query_params={"section": "Reminders"},
            )
    if now_fresh := fresh_code.proved(actor, pressed, key="settings.reminders.switch", act=label):
        _switch(now_fresh, on=not own.reminders)
    often = "once" if own.reminders_at_most == 1 else f"at most {own.reminders_at_most} times"
    st.write(
        f"An invitation by e-mail that nobody has answered after {own.reminder_after_days} days is sent again with a "
        f"new link, {often}, from {own.reminder_hour}:00 on. The old link ends when the new one is sent."
    )
    if not own.reminders:
        st.info("Reminders are switched off: nothing is sent by itself.", icon=":material/notifications_off:")
    elif not campaigns.sends(own):
        st.warning("No e-mail server is set up, so nothing is sent. Set FIRSTKEY_EMAIL first.")


def _switch(actor: Actor, *, on: bool) -> None:
    with feedback.refusals_shown(), database.transaction() as db:
        school.change_settings(db, actor, changes={"reminders": on})
    feedback.later(
        "Reminders are on: look below at what the next run will do."
        if on
        else "Reminders are stopped. Messages of a run that is under way can be cancelled in Campaigns."
    )
    st.rerun()


def _earlier(actor: Actor, zone: ZoneInfo) -> None:
    with database.reading() as db:
        runs, number = table.latest(db), table.number(db)
    if not runs:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Runs that were made", width="stretch")
        caption = "All runs, newest first: how many were reminded, how many not, and why. Who it was: see Campaigns."
        export_menu.draw(actor, "reminders", caption=caption, expected=number, said="runs")
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center"):
            said = f"{run.reminded:,} reminded" if run.reminded else "Nobody had to be reminded"
            st.text(f"{run.made_at.astimezone(zone):%a %-d %b %Y, %H:%M}    {said}", width="stretch")
            if run.campaign_id is not None:
                where = {"campaign": str(run.campaign_id)}
                st.page_link("campaigns.py", label="See what became of it", query_params=where)


actor = guard.require(Permission.SEND)
feedback.said()
with database.reading() as db:
    own = school_settings(db)
_heading(actor, own)
following = reminder_preview.is_of_the_run_after()
with feedback.refusals_shown(), database.reading() as db:
    foreseen = reminders.foresee(db, actor, following=following)
reminder_preview.draw(actor, foreseen, ZoneInfo(own.time_zone), following=following)
_earlier(actor, ZoneInfo(own.time_zone))
