"""The result of a check, in tables: how many, what is wrong where, what becomes different."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import RowProblem, Severity
from core.rules.imports.columns import LABELS
from core.rules.imports.plan import Change, Counts
from core.services.imports import Check

_SHOWN = 200


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


def problems(found: list[RowProblem]) -> None:
    """Errors first; each with its place and what to do."""
    if not found:
        return
    errors = sum(problem.severity == Severity.ERROR for problem in found)
    if errors:
        st.error(f"{errors:,} cells must be put right in the file before it can be imported. Then upload it again.")
    else:
        st.warning(f"{len(found):,} cells are worth a look. They do not stop the import.")
    rows = [
        {
            "": "Put right" if problem.severity == Severity.ERROR else "Note",
            "File": problem.file,
            "Row": problem.row,
            "Column": problem.column,
            "Value": problem.value,
            "What to do": problem.message,
        }
        for problem in found[:_SHOWN]
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="import_problems")
    if len(found) > _SHOWN:
        st.caption(f"The first {_SHOWN} of {len(found):,} are shown.")


def samples(check: Check) -> None:
    """Some of the new people, of the changes, and who is missing."""
    plan = check.plan
    tabs = st.tabs(["New", "Changed", "Not in the file"])
    for tab, name, rows in (
        (tabs[0], "new", [_person(row) for row in plan.created[:_SHOWN]]),
        (tabs[1], "changed", [_change(change) for change in plan.changed[:_SHOWN]]),
        (tabs[2], "missing", [_person(row) for row in plan.missing[:_SHOWN]]),
    ):
        with tab:
            if rows:
                st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key=f"import_{name}")
            else:
                st.caption("Nobody.")


def _person(row: dict[str, object]) -> dict[str, object]:
    section = row["section"]
    return {
        "Kind": str(row["kind"]).capitalize(),
        "Code": row["source_id"],
        "Last name": row["last_name"],
        "First name": row["first_name"],
        "Class": section[1] if isinstance(section, tuple) else "",
        "Personal e-mail": row["personal_email"],
        "Contact e-mail": row["contact_email"],
        "Mobile": row["mobile"],
    }


def _change(change: Change) -> dict[str, object]:
    told = [
        f"{LABELS[name]}: {_value(change.before[name])} → {_value(change.after[name])}"
        for name in change.fields
        if name in LABELS
    ]
    before = change.before
    return {
        "Code": before["source_id"],
        "Name": f"{before['last_name']} {before['first_name']}",
        "What": "; ".join(told),
    }


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return str(value[1])
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value else "empty"
