"""The window of *Add/Edit username*."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules.account_acts import LONGEST_USERNAME
from core.services import account_names
from core.tables import account_roles
from pages.shared import act_dialogs, feedback, guarded


@guarded.dialog(Permission.MANAGE_ACCOUNTS, "Add/Edit username")
def edit(actor: Actor, account_id: int) -> None:
    """Another name to sign in with; what follows from it is said first."""
    with feedback.refusals_shown(), database.reading() as db:
        now = account_roles.username(db, actor, account_id=account_id)
    with st.form("username.edit", border=False):
        typed = st.text_input("Username", value=now, max_chars=LONGEST_USERNAME)
        st.caption("The old username stops working at once. The person is told nothing: tell them yourself.")
        saved = st.form_submit_button("Save username", type="primary")
    if saved:
        with feedback.refusals_shown(), database.transaction() as db:
            change_id = account_names.change(db, actor, account_id=account_id, seen=now, username=typed)
        act_dialogs.remember_change(
            change_id, f"The username is {typed.strip()} now. Tell the person: nobody else does."
        )
        st.rerun()
