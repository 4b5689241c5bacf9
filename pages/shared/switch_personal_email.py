"""The window of *Use Personal E-mail* for many students."""

from __future__ import annotations

import streamlit as st

from core import database
from core.delivery import engine
from core.permissions import Actor, Permission
from core.services import students
from pages.shared import act_words, drawn, feedback, guarded


@guarded.dialog(Permission.EDIT_STUDENTS, "Use Personal E-mail")
def confirm(actor: Actor, selection_id: int, *, on: bool) -> None:
    """Say for how many, then switch."""
    word = "on" if on else "off"
    with feedback.refusals_shown(), database.reading() as db:
        now = students.check_personal_email(db, actor, selection_id=selection_id, on=on)
    seen = drawn.before("switch_personal_email.seen", (selection_id, on), now.seen)
    st.write(
        f"Switch Use Personal E-mail {word} for {_students(now.will)}? Those for whom it is {word} stay as they are."
    )
    st.caption(f"Invitations by e-mail go to the personal e-mail only while this is on. {act_words.ELSEWHERE}")
    if st.button(f"Switch {word} for {_students(now.will)}", type="primary", disabled=not now.will):
        with feedback.refusals_shown(), database.transaction() as db:
            done = students.use_personal_email(db, actor, selection_id=selection_id, on=on, seen=seen)
        if done.notice:
            engine.start(done.notice)
        feedback.later(f"Use Personal E-mail is now {word} for {_students(done.changed)} more.")
        st.rerun()


def _students(number: int) -> str:
    return "1 student" if number == 1 else f"{number:,} students"
