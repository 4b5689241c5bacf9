"""The window of *Create user accounts*: the usernames first, then the accounts."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import words
from core.services import accounts
from pages.shared import drawn, feedback, guarded

SAMPLE = 100


@guarded.dialog(Permission.CREATE_ACCOUNTS, "Create user accounts", width="large")
def confirm(actor: Actor, selection_id: int) -> None:
    """Show what would be made and who is skipped and why; make it on the button. Nobody is told yet."""
    with feedback.refusals_shown(), database.reading() as db:
        plan = accounts.preview(db, actor, selection_id=selection_id)
    seen = drawn.before("create_accounts.seen", selection_id, plan.seen)
    st.write(f"To be made: **{len(plan.new):,}**. Skipped: **{len(plan.skipped):,}**.")
    for reason, number in Counter(skipped.reason for skipped in plan.skipped).most_common():
        st.caption(f"Skipped because {words.ACCOUNT_REFUSAL[reason]}: {number:,}")
    if plan.new:
        rows = [(new.name, new.username, words.SIGN_IN_METHOD[new.sign_in_method]) for new in plan.new[:SAMPLE]]
        frame = pd.DataFrame(rows, columns=["Name", "Username", "Signs in with"])
        st.dataframe(frame, hide_index=True, height=min(320, 37 + 35 * len(rows)), alt="Usernames that will be given")
        if len(plan.new) > SAMPLE:
            st.caption(f"The first {SAMPLE} of {len(plan.new):,}.")
    st.caption("Nobody gets a message. Send the initial invitation afterwards.")
    if st.button(
        "Create 1 account" if len(plan.new) == 1 else f"Create {len(plan.new):,} accounts",
        type="primary",
        disabled=not plan.new,
    ):
        with feedback.refusals_shown(), database.transaction() as db:
            made = accounts.create(db, actor, seen=seen, selection_id=selection_id)
        feedback.later(f"Accounts made: {made.done:,}. Next: Bulk Actions, Send Initial Invitation.")
        st.rerun()
