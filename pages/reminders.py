"""Reminders: what the next run will do, to whom, who is left out and why; the runs that were made; the switch."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from core import clock, database
from core.models import SchoolSettings
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.reminders import NotReminded
from core.services import campaigns, reminders, school
from core.services.reminders import Foreseen
from core.tables import reminders as table
from core.tables.school import settings as school_settings
from pages.shared import cells, feedback, fresh_code, guard

WORDS = {**words.NOT_REMINDED, **words.REFUSAL}


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
            st.page_link("settings.py", label="Change when and how often", icon=":material/tune:")
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


def _next_run(actor: Actor, found: Foreseen, zone: ZoneInfo) -> None:
    when = _day(found.at, zone)
    st.subheader(f"Next run: {when}" if found.on else f"If they were on, the next run would be {when}")
    left, right = st.columns(2)
    left.metric("Will be reminded", f"{found.will:,}", border=True)
    right.metric("Will not", f"{found.wont:,}", border=True)
    if not found.will:
        st.write("Nobody has to be reminded then.")
    else:
        _people(found.people, found.will, zone, key="will")
    _left_out(actor, found, zone)


def _left_out(actor: Actor, found: Foreseen, zone: ZoneInfo) -> None:
    """The reasons with their numbers; one that is chosen shows its people."""
    reasons = {**found.not_due, **found.unreachable}
    if not reasons:
        return
    with st.container(border=True):
        chosen = st.pills(
            "**Who will not, and why**",
            list(reasons),
            format_func=lambda reason: f"{WORDS[reason][:1].upper()}{WORDS[reason][1:]}: {reasons[reason]:,}",
            key="reminders.reason",
        )
        if chosen is None:
            st.caption("Choose a reason to see the people.")
            return
        with database.reading() as db:
            people = reminders.left_out(db, actor, reason=chosen)
        _people(people, reasons[chosen], zone, key=f"wont-{chosen}")
        if chosen is NotReminded.OTHER_WAY:
            st.caption("A new link would end the one on their slip. Choose them in User Accounts to invite them.")


def _people(people: pd.DataFrame, number: int, zone: ZoneInfo, *, key: str) -> None:
    dated = {"Last invited": cells.moment_column("Last invited", str(zone))} if "Last invited" in people else {}
    if dated:
        people["Last invited"] = pd.to_datetime(people["Last invited"], utc=True)
    st.dataframe(people, hide_index=True, key=f"reminders-table-{key}", column_config=dated)
    if number > len(people):
        st.caption(f"The first {len(people)} of {number:,}.")


def _earlier(zone: ZoneInfo) -> None:
    with database.reading() as db:
        runs = table.latest(db)
    if not runs:
        return
    st.subheader("Runs that were made")
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center"):
            said = f"{run.reminded:,} reminded" if run.reminded else "Nobody had to be reminded"
            st.text(f"{run.made_at.astimezone(zone):%a %-d %b %Y, %H:%M}    {said}", width="stretch")
            if run.campaign_id is not None:
                where = {"campaign": str(run.campaign_id)}
                st.page_link("campaigns.py", label="See what became of it", query_params=where)


def _day(at: datetime, zone: ZoneInfo) -> str:
    here, today = at.astimezone(zone), clock.now().astimezone(zone).date()
    near = {0: "today", 1: "tomorrow"}.get((here.date() - today).days, "")
    return f"{near or f'{here:%A}'}, {here:%-d %b}, {here:%H:%M}"


actor = guard.require(Permission.SEND)
feedback.said()
with database.reading() as db:
    own, foreseen = school_settings(db), reminders.foresee(db, actor)
_heading(actor, own)
_next_run(actor, foreseen, ZoneInfo(own.time_zone))
_earlier(ZoneInfo(own.time_zone))
