"""The window of *Undo*: which act it was, how many accounts it would put back, then the button."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.account_acts import ROLE_CHANGES, Edit
from core.services import account_changes
from core.tables import school
from pages.shared import act_dialogs, cells, feedback, fresh_code, guarded


@guarded.dialog(Permission.SEE_STUDENTS, "Undo")
def ask(actor: Actor, change_id: int) -> None:
    """Say what it will do, then do it: the account cards know acts of many accounts too."""
    with feedback.refusals_shown(), database.reading() as db:
        seen = account_changes.foresee(db, actor, change_id=change_id)
        made_at = cells.moment_words(seen.made_at, school.settings(db).time_zone)
    all_of_them = act_dialogs.accounts(seen.back + seen.left_alone)
    st.write(f"**{words.account_change(seen.act.value)}**, {made_at}, was done to {all_of_them}.")
    what = "removed again" if seen.act is Edit.CREATED else "as before"
    st.write(f"**{act_dialogs.accounts(seen.back)}** will be {what}.")
    if seen.left_alone:
        st.caption(f"{act_dialogs.accounts(seen.left_alone).capitalize()} changed since, or have to stay: left alone.")
    label, key = f"Undo for {act_dialogs.accounts(seen.back)}", f"acts.undo.{change_id}"
    pressed, acting = st.button(label, key=key, type="primary", disabled=not seen.back), actor
    if seen.act in ROLE_CHANGES:
        proved = fresh_code.proved(actor, pressed, key=key, act="Undo")
        pressed, acting = proved is not None, proved or actor
    if not pressed:
        return
    with feedback.refusals_shown():
        feedback.later(act_dialogs.undo(change_id, acting))
    if seen.act is Edit.CREATED:
        st.switch_page("accounts.py")  # the card it was opened from may be gone
    st.rerun()
