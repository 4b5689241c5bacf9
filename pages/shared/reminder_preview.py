"""What the next run of reminders would do: when, to whom, who is left out and why."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from core import clock, database
from core.permissions import Actor
from core.rules import words
from core.rules.reminders import NotReminded
from core.services import reminders
from core.services.reminders import Foreseen
from pages.shared import cells

WORDS = {**words.NOT_REMINDED, **words.REFUSAL}


def is_of_the_run_after() -> bool:
    """Whether somebody wants to see one run further: tomorrow's, while today's is still to be made."""
    runs = ["Next run", "The run after it"]
    chosen = st.segmented_control("Preview", runs, default=runs[0], key="reminders.run", label_visibility="collapsed")
    return bool(chosen == runs[1])


def draw(actor: Actor, found: Foreseen, zone: ZoneInfo, *, following: bool) -> None:
    """When, who, and who not."""
    when, run = _day(found.at, zone), "run after it" if following else "next run"
    said = f"{run[:1].upper()}{run[1:]}: {when}"
    st.subheader(said if found.on else f"If they were on, the {run} would be {when}")
    left, right = st.columns(2)
    left.metric("Will be reminded", f"{found.will:,}", border=True)
    right.metric("Will not", f"{found.wont:,}", border=True)
    if not found.will:
        st.write("Nobody has to be reminded then.")
    else:
        _people(found.people, found.will, zone, key="will")
    _left_out(actor, found, zone, following=following)


def _left_out(actor: Actor, found: Foreseen, zone: ZoneInfo, *, following: bool) -> None:
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
            people = reminders.left_out(db, actor, reason=chosen, following=following)
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


def _day(at: datetime, zone: ZoneInfo) -> str:
    here, today = at.astimezone(zone), clock.now().astimezone(zone).date()
    near = {0: "today", 1: "tomorrow"}.get((here.date() - today).days, "")
    return f"{near or f'{here:%A}'}, {here:%-d %b}, {here:%H:%M}"
