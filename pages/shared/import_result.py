"""The result of a check, in tables: how many, what is wrong where, what becomes different."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import RowProblem, Severity
from core.models import ImportRun
from core.permissions import Actor
from core.rules.imports.columns import LABELS
from core.rules.imports.plan import Change, Counts, Return
from core.services.imports import Check
from pages.shared import export_menu

_SHOWN, _PROBLEMS = 200, 20_000  # of problems all that a file of the page has in practice: they are put right in it


def counts(found: Counts) -> None:
    """Four numbers and a line about classes."""
    numbers = (("New", found.created), ("Changed", found.changed), ("Unchanged", found.unchanged))
    for place, (label, number) in zip(st.columns(4), (*numbers, ("Not in the file", found.missing)), strict=True):
        place.metric(label, f"{number:,}")
    st.caption(
        f"Classes: {found.sections_created:,} new, {found.sections_changed:,} changed. Enrolments: "
        f"{found.enrolments_created:,} new, {found.enrolments_ended:,} ended. Guardians: "
        f"{found.guardianships_created:,} new links to students. An empty cell changes nothing."
    )


def returning(found: Sequence[Return]) -> None:
    """Who had left and comes back, and what becomes of their accounts."""
    if not found:
        return
    reopened = sum(each.reopens for each in found)
    said = f"{_people(len(found))} of this file had left before and will be back."
    if reopened:
        said += f" Accounts that were switched off by that leaving, and work again: {reopened:,}."
    st.info(said, icon=":material/undo:")


def problems(found: list[RowProblem]) -> None:
    """Errors first; each with its place and what to do."""
    if not found:
        return
    errors = sum(problem.severity == Severity.ERROR for problem in found)
    if errors:
        what = "1 cell" if errors == 1 else f"{errors:,} cells"
        st.error(f"{what} must be put right in the file before it can be imported. Then upload it again.")
    elif len(found) == 1:
        st.warning("1 cell is worth a look. It does not stop the import.")
    else:
        st.warning(f"{len(found):,} cells are worth a look. They do not stop the import.")
    rows = [
        {
            "": "Put right" if problem.severity == Severity.ERROR else "Note",
            "Row": problem.row,
            "Column": problem.column,
            "Value": problem.value,
            "What to do": problem.message,
            "File": problem.file,
        }
        for problem in found[:_PROBLEMS]
    ]
    widths = {
        "Value": st.column_config.TextColumn(width="small"),
        "What to do": st.column_config.TextColumn(width="large"),
    }
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, width="stretch", key="import-table-problems", column_config=widths
    )
    if len(found) > _PROBLEMS:
        st.caption(f"The first {_PROBLEMS:,} of {len(found):,} are shown.")


def samples(check: Check) -> None:
    """Some of the new people, of the changes, and who is missing."""
    plan = check.plan
    tabs = st.tabs(["New", "Changed", "Not in the file"])
    for tab, name, rows in (
        (tabs[0], "new", [_person(check, row) for row in plan.created[:_SHOWN]]),
        (tabs[1], "changed", [_change(check, change) for change in plan.changed[:_SHOWN]]),
        (tabs[2], "missing", [_person(check, row) for row in plan.missing[:_SHOWN]]),
    ):
        with tab:
            if rows:
                st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key=f"import_{name}")
            else:
                st.caption("Nobody.")


def outcome(told: str) -> None:
    """What the last import did, and where to go from there."""
    if told:
        st.success(told, icon=":material/check:")
        st.write("No account was made, and nobody was invited. Next: choose students and create their accounts.")
        st.page_link("students.py", label="Students List: create accounts", icon=":material/arrow_forward:")


def earlier(actor: Actor, runs: Sequence[ImportRun], *, number: int, zone: str) -> None:
    """The latest of the past, newest first, in the school's time; a file has all of them, `number` in all."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Earlier imports", width="stretch")
        if runs:
            caption = "All imports with their numbers, newest first."
            export_menu.draw(actor, "imports", caption=caption, expected=number, said="imports")
    if not runs:
        st.caption("None yet. Upload a file above; a check comes first and changes nothing.")
        return
    names = ("applied_at", "applied_by", "source", "created", "changed", "unchanged", "left", "returned")
    frame = pd.DataFrame([run.model_dump(include=set(names)) for run in runs])[list(names)]
    frame["applied_at"] = frame["applied_at"].dt.tz_convert(zone).dt.strftime("%-d %b %Y, %H:%M")
    frame["left"] = [f"{run.left:,}{' (undone)' if run.leavers_undone_at else ''}" for run in runs]
    frame.columns = ["When", "By", "Files", "New", "Changed", "Unchanged", "Left", "Came back"]
    st.dataframe(frame, hide_index=True, width="stretch", key="import_runs")


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _person(check: Check, row: dict[str, Any]) -> dict[str, object]:
    return {
        "Kind": str(row["kind"]).capitalize(),
        "Code": row["source_id"],
        "Last name": row["last_name"],
        "First name": row["first_name"],
        "Class": check.title_of(row["section"]),
        "Personal e-mail": row["personal_email"],
        "Contact e-mail": row["contact_email"],
        "Mobile": row["mobile"],
    }


def _change(check: Check, change: Change) -> dict[str, object]:
    told = [
        f"{LABELS[name]}: {_value(check, change.before[name])} → {_value(check, change.after[name])}"
        for name in change.fields
        if name in LABELS
    ]
    before = change.before
    return {
        "Code": before["source_id"],
        "Name": f"{before['last_name']} {before['first_name']}",
        "What": "; ".join(told),
    }


def _value(check: Check, value: Any) -> str:
    if isinstance(value, tuple):
        return check.title_of((str(value[0]), str(value[1])))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value else "empty"
