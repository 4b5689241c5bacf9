"""The three reports for whole classes, without going through a list."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules.report_requests import LONG
from core.services import selections_beside
from core.services.report_papers import TITLES, ReportKind
from core.tables import selection_rows
from core.tables.filters import StudentFilter
from pages.shared import class_options, credentials_report, download

CONTENTS = {
    ReportKind.STUDENT_ACCOUNT_INFO: "A line for each student, by class: username, sign-in method, e-mail, mobile, "
    "state. No passwords.",
    ReportKind.USER_ACCOUNT_INFO: "The technical status of their accounts: invitations, logins, what is due, with "
    "totals and a chart. No passwords.",
    ReportKind.CREDENTIALS: "Letters, slips or a table to hand over to students and parents. You see the pages first.",
}


def draw(actor: Actor) -> None:
    """Whom it is about, then what to print."""
    st.subheader("Print for classes")
    sections = class_options.of(actor)
    chosen = st.multiselect(
        "Classes",
        list(sections),
        format_func=sections.__getitem__,
        placeholder="All classes",
        key="reports.classes",
        width=480,
    )
    with database.transaction() as db:
        selection_id = selections_beside.of_students(db, actor, filter=StudentFilter(section_ids=tuple(chosen)))
        students = selection_rows.size(db, actor, selection_id=selection_id, scope="shown")
    if not students:
        st.info("There is no student to print for. Choose other classes, or import students first.")
        return
    st.caption("1 student" if students == 1 else f"{students:,} students")
    _cards(actor, selection_id, students)


def _cards(actor: Actor, selection_id: int, students: int) -> None:
    kinds = [kind for kind in CONTENTS if kind is not ReportKind.CREDENTIALS or _may_reveal(actor)]
    for column, kind in zip(st.columns(len(kinds)), kinds, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{TITLES[kind]}**")
            st.caption(CONTENTS[kind])
            st.space("stretch")
            if kind is ReportKind.CREDENTIALS:
                if st.button("Choose and preview…", width="stretch"):
                    credentials_report.of_rows(actor, selection_id, "shown")
            else:
                download.report_form(
                    actor,
                    label="Prepare" if students > LONG else "Download",
                    kind=kind,
                    selection_id=selection_id,
                    scope="shown",
                    expected=students,
                    framed=True,
                )
    st.caption(
        "For some students of a class, or for parents and staff, tick them in a list and use its *Reports* menu."
    )


def _may_reveal(actor: Actor) -> bool:
    return actor.may(Permission.REVEAL_CREDENTIALS)
