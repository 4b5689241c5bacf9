"""Who belongs to the person of a card: guardians, siblings, students; each a way to the next card."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import words
from core.tables import relatives
from core.tables.relatives import Relative
from pages.shared import feedback, guardian_form


def guardians_and_siblings(actor: Actor, student_id: int) -> None:
    """Who answers for the student, and who else has the same guardian."""
    with feedback.refusals_shown(), database.reading() as db:
        answering = relatives.guardians(db, actor, student_id=student_id)
        brothers = relatives.siblings(db, actor, student_id=student_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Guardians", width="stretch")
        if actor.may(Permission.EDIT_STUDENTS) and st.button("Link a guardian", icon=":material/link:"):
            guardian_form.link(actor, student_id)
    if not answering:
        st.write("No guardian is linked to this student.")
    _lines(actor, answering, may_change=True)
    if brothers:
        st.subheader("Siblings")
        st.caption("Students who have a guardian in common with this one.")
        _lines(actor, brothers, may_change=False)


def students(actor: Actor, guardian_id: int) -> None:
    """For whom the guardian answers."""
    with feedback.refusals_shown(), database.reading() as db:
        wards = relatives.students(db, actor, guardian_id=guardian_id)
    if not wards:
        st.write("No student is linked to this guardian. Open a student's card and choose *Link a guardian*.")
    _lines(actor, wards, may_change=True)


def _lines(actor: Actor, people: Sequence[Relative], *, may_change: bool) -> None:
    for person in people:
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap="xxsmall", width="stretch"):
                st.text(person.name)
                about = (person.relation, person.section, person.email, person.mobile)
                st.caption(feedback.plain(" · ".join(filter(None, about))))
            said = words.ACCOUNT_STATE[person.state]
            st.badge(said.label, icon=f":material/{said.icon}:", color="gray", help=said.meaning)
            _open(actor, person)
            if may_change and person.guardianship_id is not None and actor.may(Permission.EDIT_STUDENTS):
                _change(actor, person.guardianship_id)


def _change(actor: Actor, guardianship_id: int) -> None:
    if st.button("Change", key=f"change.{guardianship_id}", help="Relation, order, e-mail and SMS"):
        guardian_form.change(actor, guardianship_id)
    if st.button("End", key=f"end.{guardianship_id}", help="End this guardianship"):
        guardian_form.end(actor, guardianship_id)


def _open(actor: Actor, person: Relative) -> None:
    """Students have a card of their own; others the card of their account, or of the person while there is none."""
    if person.is_student:
        st.page_link("student.py", label="Open card", query_params={"id": str(person.person_id)})
    elif actor.may(Permission.SEE_ACCOUNTS):
        st.page_link("account.py", label="Open card", query_params={"person": str(person.person_id)})
