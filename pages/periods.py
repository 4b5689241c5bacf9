"""Academic years: what there is, creating the next one, beginning it, undoing that, and what is left to do."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from core import clock, database
from core.permissions import Actor, Permission
from core.rules import promotion
from core.services import periods
from core.tables import years as table
from core.tables.years import Year
from pages.shared import acts, export_menu, feedback, guard, year_begin, year_correct, year_leftovers


def _overview(actor: Actor, known: list[Year]) -> None:
    with st.container(horizontal=True, horizontal_alignment="right"):
        caption = "All academic years with their classes and students."
        export_menu.draw(actor, "years", caption=caption, expected=len(known), said="years")
    rows = [
        {
            "Year": f"{year.title} (current)" if year.is_current else year.title,
            "Begins": _day(year.starts_on),
            "Ends": _day(year.ends_on),
            "Classes": f"{year.classes:,}",
            "Students": f"{year.students:,}",
        }
        for year in known
    ]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal")


def _day(day: date | None) -> str:
    return f"{day:%-d %b %Y}" if day else "–"


def _create(actor: Actor, known: list[Year]) -> None:
    """The next year, proposed from the latest one."""
    title, first, last = _proposal(known)
    with st.expander("Create the next year", icon=":material/add:", expanded=len(known) < 2):
        with st.form("create_year", border=False):
            left, middle, right = st.columns(3)
            named = left.text_input("Name", title, max_chars=50)
            begins = middle.date_input("First day", first, format="DD/MM/YYYY")
            ends = right.date_input("Last day", last, format="DD/MM/YYYY")
            pressed = st.form_submit_button("Create the year", type="primary")
        st.caption("Nothing changes for anybody until the year is begun.")
    if pressed:
        with feedback.refusals_shown(), database.transaction() as db:
            periods.create(db, actor, title=named, starts_on=begins, ends_on=ends)
        feedback.later(f"The year {named} is there. Look below how it would begin.")
        st.rerun()


def _proposal(known: list[Year]) -> tuple[str, date, date]:
    dated = [year for year in known if year.starts_on and year.ends_on]
    if not dated or dated[0].starts_on is None or dated[0].ends_on is None:
        today = clock.today()
        return "", date(today.year, 9, 1), date(today.year + 1, 6, 30)
    first, last = promotion.a_year_later(dated[0].starts_on), promotion.a_year_later(dated[0].ends_on)
    return f"{first.year}-{last.year}" if last.year > first.year else str(first.year), first, last


def _later(known: list[Year]) -> list[Year]:
    """The years that may be begun: not the current one, and none that lies before it."""
    current = next((year for year in known if year.is_current), None)
    since = current.starts_on if current else None
    return [year for year in known if not year.is_current and not (since and year.starts_on and year.starts_on < since)]


actor = guard.require(Permission.MANAGE_PERIODS)
st.title("Academic years")
feedback.said()
acts.undo_offer(actor)
with database.reading() as db:
    known = table.all_of_them(db)
if known:
    _overview(actor, known)
else:
    st.info("There is no academic year yet. Create one, or import classes: their year comes with them.")
year_begin.undo_offer(actor)
_create(actor, known)
if known:
    year_correct.draw(actor, known)
if to_begin := _later(known):
    year_begin.draw(actor, to_begin, next((year for year in known if year.is_current), None))
year_leftovers.draw(actor)
