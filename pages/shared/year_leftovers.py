"""What is left to do after a year has begun: students without a class, and leavers whose account still works."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor
from core.rules.account_acts import Act
from core.services import selections_beside
from core.tables import years as table
from core.tables.filters import StudentFilter
from core.tables.school import settings as school_settings
from pages.shared import act_dialogs, feedback, filter_address


def draw(actor: Actor) -> None:
    """Each line says how many, and leads to just these."""
    with database.reading() as db:
        without = table.count(db, table.without_class(db))
        counting = tuple(school_settings(db).registered_statuses)
        leavers = table.count(db, table.accounts_of_leavers())
    st.subheader("To do for the current year")
    with st.container(border=True):
        if not without and not leavers:
            st.text("Nothing: every student has a class, and nobody who left can sign in.")
        if without:
            _without(without, counting)
        if leavers:
            _leavers(actor, leavers)


def _without(number: int, counting: tuple[str, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"Students Without Period: {number:,} have no class this year", width="stretch")
        asked = filter_address.of(StudentFilter(statuses=counting, in_period=False))
        st.page_link("students.py", label="Open them in the list", query_params=filter_address.link(asked))


def _leavers(actor: Actor, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"Leavers: {number:,} have left and their account still works", width="stretch")
        if st.button("Deactivate their accounts", icon=":material/block:"):
            with feedback.refusals_shown(), database.transaction() as db:
                selection_id = selections_beside.of_leavers(db, actor)
            act_dialogs.of_selection(actor, Act.DEACTIVATE, selection_id)
