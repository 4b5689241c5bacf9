"""Beginning a year: the table of classes that go up, what would happen, the button, and the way back."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import database
from core.errors import AppError
from core.permissions import Actor
from core.rules import promotion
from core.rules.promotion import Class, RolesFollow, Step
from core.services import year_undo, years
from core.services.years import Foreseen, Plan
from core.tables import school
from core.tables import years as table
from core.tables.years import Year
from pages.shared import cells, drawn, feedback

ROLES = {
    RolesFollow.TITLE: "to the class of the same name (who teaches 7B teaches the new 7B)",
    RolesFollow.STUDENTS: "up with the students (who teaches 7B teaches 8B)",
    RolesFollow.STAY: "nowhere: they are given anew by hand",
}
BY_RULE, BY_IMPORT = "Classes go up as in the table", "Classes come by import: only make it the current year"


def draw(actor: Actor, to_begin: list[Year], current: Year | None) -> None:
    """First the preview; one button does exactly that."""
    st.subheader("Begin a year")
    year = to_begin[0]
    if len(to_begin) > 1:
        year = st.selectbox("Which", to_begin, format_func=lambda one: one.title)
    how = st.radio("How", [BY_RULE, BY_IMPORT], label_visibility="collapsed", key=f"year.how.{year.id}")
    steps: tuple[Step, ...] = ()
    if how == BY_RULE and current is not None:
        steps = _table(year, current)
    roles = st.radio("Roles for single classes go", list(ROLES), format_func=ROLES.__getitem__, key="year.roles")
    plan = Plan(year.id, steps, roles)
    try:
        with database.reading() as db:
            now = years.foresee(db, actor, plan=plan)
    except AppError as refusal:  # the table is not complete yet: the rest of the page stays
        feedback.show(refusal)
        return
    seen = drawn.before("year.seen", plan, now)
    _foreseen(now, moves=bool(steps))
    if how == BY_IMPORT and not year.classes:
        st.warning(f"{year.title} has no classes yet. Import them first, or nobody has a class.")
    if st.button(f"Begin {year.title}", type="primary", icon=":material/play_arrow:"):
        _begin(actor, plan, seen, year)


def _table(year: Year, current: Year) -> tuple[Step, ...]:
    """The proposal, to be changed by hand; a key of its own for each pair of years and each set of classes."""
    with database.reading() as db:
        classes = table.classes(db, period_id=current.id)
    proposal = promotion.propose(classes)
    st.caption(f"From {current.title} to {year.title}. Change what is different at your school.")
    key = f"year.table.{year.id}.{current.id}.{hash(tuple(one.section_id for one in classes))}"
    edited = st.data_editor(
        _rows(classes, proposal),
        key=key,
        hide_index=True,
        height="auto" if len(classes) <= 20 else 640,
        disabled=["Class", "Grade", "School", "Students"],
        column_config={
            "Students": st.column_config.NumberColumn(format="localized", help="Those who count as registered."),
            "Next class": st.column_config.TextColumn(max_chars=50),
            "Next grade": st.column_config.TextColumn(max_chars=50),
            "Leaves": st.column_config.CheckboxColumn(help="Its students get the status Left."),
        },
    )
    return tuple(
        Step(one.section_id, str(row[0] or ""), str(row[1] or ""), bool(row[2]))
        for one, row in zip(classes, edited[["Next class", "Next grade", "Leaves"]].values.tolist(), strict=True)
    )


def _rows(classes: list[Class], proposal: list[Step]) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "Class": [one.title for one in classes],
            "Grade": [one.grade for one in classes],
            "School": [one.school for one in classes],
            "Students": [one.students for one in classes],
            "Next class": [step.title for step in proposal],
            "Next grade": [step.grade for step in proposal],
            "Leaves": [step.leaves for step in proposal],
        }
    )
    return rows if any(one.school for one in classes) else rows.drop(columns="School")


def _foreseen(found: Foreseen, *, moves: bool) -> None:
    up, leave, new, roles = st.columns(4)
    up.metric("Students go up", f"{found.go_up:,}", border=True)
    leave.metric("Students leave", f"{found.leave:,}", border=True)
    new.metric("New classes", f"{len(found.new_classes):,}", border=True)
    roles.metric("Roles go over", f"{found.roles:,}", border=True)
    if found.roles_left_behind:
        st.caption(
            f"{found.roles_left_behind:,} roles are for classes that have none to go to, and stay as they are. "
            "Look at them afterwards in User Accounts."
        )
    if moves:
        st.caption("Whoever leaves gets the status Left; their accounts can be deactivated afterwards, below.")


def _begin(actor: Actor, plan: Plan, seen: Foreseen, year: Year) -> None:
    with feedback.refusals_shown(), database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        years.begin(db, actor, plan=plan, seen=seen.seen)
    feedback.later(f"{year.title} has begun. Below is what is left to do; undoing it is one button too.")
    st.rerun()


def undo_offer(actor: Actor) -> None:
    """The latest beginning, and the way back."""
    with database.reading() as db:
        change, zone = table.latest_change(db), school.settings(db).time_zone
    if change is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{feedback.plain(change.title)}** was begun on {cells.moment_words(change.made_at, zone)}: "
            f"{change.went_up:,} students went up, {change.left:,} left.",
            width="stretch",
        )
        if st.button("Undo", icon=":material/undo:", help="Everybody goes back, unless something changed since."):
            with feedback.refusals_shown(), database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
                number = year_undo.undo(db, actor, change_id=change.id)
            feedback.later(f"Undone: {number:,} students are where they were, and so are roles and classes.")
            st.rerun()
