"""The window of *Use Personal E-mail* for many students."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import database
from core.delivery import engine
from core.permissions import Actor, Permission
from core.services import students
from pages.shared import act_dialogs, act_words, drawn, feedback, guarded, some_named


@guarded.dialog(Permission.EDIT_STUDENTS, "Use Personal E-mail")
def confirm(actor: Actor, selection_id: int, *, on: bool, is_undo: bool = False) -> None:
    """Say for how many, then switch."""
    word = "on" if on else "off"
    with feedback.refusals_shown(), database.reading() as db:
        now = students.check_personal_email(db, actor, selection_id=selection_id, on=on)
    seen = drawn.before("switch_personal_email.seen", (selection_id, on), now.seen)
    st.write(f"Switch Use Personal E-mail {word} for {_students(now.will)}?")
    if now.as_wanted:
        st.caption(f"It is {word} already for {_students(now.as_wanted)}{some_named.some(now.names, now.as_wanted)}")
    st.caption(f"Invitations by e-mail go to the personal e-mail only while this is on. {act_words.ELSEWHERE}")
    if st.button(f"Switch {word} for {_students(now.will)}", type="primary", disabled=not now.will):
        with feedback.refusals_shown(), database.transaction() as db:
            done = students.use_personal_email(db, actor, selection_id=selection_id, on=on, seen=seen, is_undo=is_undo)
        engine.start(*done.notices)
        said = f"Use Personal E-mail is now {word} for {_students(done.changed)} more."
        act_dialogs.remember(act_dialogs.Made(said, partial(_back, done.switched, not on)))
        st.rerun()


def _back(selection_id: int, on: bool, actor: Actor) -> str:
    """Switch just those the other way who are still as they were left."""
    with database.transaction() as db:
        now = students.check_personal_email(db, actor, selection_id=selection_id, on=on)
        done = students.use_personal_email(db, actor, selection_id=selection_id, on=on, seen=now.seen, is_undo=True)
    engine.start(*done.notices)
    return f"Undone: Use Personal E-mail is {'on' if on else 'off'} again for {_students(done.changed)}."


def _students(number: int) -> str:
    return "1 student" if number == 1 else f"{number:,} students"
