"""Correcting the name and the days of an academic year, and removing one that was made by mistake."""

from __future__ import annotations

from datetime import date

import streamlit as st

from core import database
from core.permissions import Actor
from core.services import periods
from core.tables.years import Year
from pages.shared import feedback


def draw(actor: Actor, known: list[Year]) -> None:
    """One year at a time. What is refused says why."""
    with st.expander("Correct or remove a year", icon=":material/edit:"):
        by_id = {year.id: year for year in known}
        chosen = st.selectbox("Which year", list(by_id), format_func=lambda one: by_id[one].title, key="year.correct")
        year = by_id[chosen]
        with st.form(f"year.correct.{year.id}", border=False):
            left, middle, right = st.columns(3)
            named = left.text_input("Its name", year.title, max_chars=100)
            begins = middle.date_input("Its first day", year.starts_on, format="DD/MM/YYYY")
            ends = right.date_input("Its last day", year.ends_on, format="DD/MM/YYYY")
            with st.container(horizontal=True):
                pressed = st.form_submit_button("Save the year", type="primary")
                removed = st.form_submit_button("Remove this year", icon=":material/delete:")
        st.caption("Only a year without classes and roles can be removed. Years that come by import follow the import.")
    if pressed:
        with feedback.refusals_shown(), database.transaction() as db:
            periods.correct(db, actor, period_id=year.id, title=named, starts_on=_day(begins), ends_on=_day(ends))
        feedback.later(f"Saved: the year {named}.")
        st.rerun()
    if removed:
        with feedback.refusals_shown(), database.transaction() as db:
            periods.remove(db, actor, period_id=year.id)
        feedback.later(f"The year {year.title} is removed.")
        st.rerun()


def _day(chosen: object) -> date | None:
    return chosen if isinstance(chosen, date) else None
