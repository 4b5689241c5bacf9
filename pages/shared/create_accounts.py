"""The window of *Create user accounts*: the usernames first, then the accounts."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from core import database
from core.models import PersonKind
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.new_accounts import Plan
from core.services import accounts
from core.services.accounts import Whom
from core.tables import school
from pages.shared import act_dialogs, drawn, feedback, guarded, just_made, some_named

SAMPLE = 100


@guarded.dialog(Permission.CREATE_ACCOUNTS, "Create user accounts", width="large")
def confirm(actor: Actor, selection_id: int) -> None:
    """For the selected students."""
    _ask(actor, {"selection_id": selection_id}, then="Bulk Actions, Send Initial Invitation")


@guarded.dialog(Permission.CREATE_ACCOUNTS, "Create accounts for their guardians", width="large")
def of_guardians(actor: Actor, selection_id: int) -> None:
    """For whoever answers today for the selected students."""
    then = "Show the accounts of their guardians, then Send Initial Invitation"
    _ask(actor, {"selection_id": selection_id, "guardians": True}, then=then)


@guarded.dialog(Permission.CREATE_ACCOUNTS, "Create user accounts", width="large")
def of_a_kind(actor: Actor) -> None:
    """For all guardians, or all of the staff, who have none: User Accounts shows nobody without an account."""
    kinds = {PersonKind.GUARDIAN.value: "Guardians without an account", PersonKind.STAFF.value: "Staff without one"}
    kind = st.radio("For whom", list(kinds), format_func=kinds.__getitem__, horizontal=True)
    _ask(actor, {"kind": kind}, then="tick them here, then Send Initial Invitation")
    st.page_link("students.py", label="Accounts of students are made in the Students List", icon=":material/groups:")


def _ask(actor: Actor, whom: Whom, *, then: str) -> None:
    """Show what would be made and who is skipped and why; make it on the button. Nobody is told yet."""
    with feedback.refusals_shown(), database.reading() as db:
        plan = accounts.preview(db, actor, **whom)
    seen = drawn.before("create_accounts.seen", tuple(whom.items()), plan.seen)
    _explain(plan)
    if not st.button(_create(len(plan.new)), type="primary", disabled=not plan.new):
        return
    made, invited = just_made.create(actor, seen=seen, whom=whom)
    next_step = just_made.words(invited, otherwise=then)
    act_dialogs.remember_change(made.change_id, f"Accounts made: {made.done:,}. {next_step}")
    st.rerun()


def _explain(plan: Plan) -> None:
    st.write(f"To be made: **{len(plan.new):,}**. Skipped: **{len(plan.skipped):,}**.")
    for reason, number in Counter(skipped.reason for skipped in plan.skipped).most_common():
        names = [skipped.name for skipped in plan.skipped if skipped.reason == reason]
        st.caption(f"**{number:,}** skipped because {words.ACCOUNT_REFUSAL[reason]}{some_named.some(names, number)}")
    if plan.new:
        rows = [(new.name, new.username, words.SIGN_IN_METHOD[new.sign_in_method]) for new in plan.new[:SAMPLE]]
        frame = pd.DataFrame(rows, columns=["Name", "Username", "Signs in with"])
        st.dataframe(frame, hide_index=True, height=min(320, 37 + 35 * len(rows)), alt="Usernames that will be given")
        if len(plan.new) > SAMPLE:
            st.caption(f"The first {SAMPLE} of {len(plan.new):,}.")
    if without_role := sum(new.role is None for new in plan.new):
        st.caption(f"Without a role at first: {without_role:,}. They teach no class: an administrator gives them one.")
    with database.reading() as db:
        at_once = set(school.settings(db).auto_invite) & {new.user_type.value for new in plan.new}
    if at_once:
        st.caption("Whoever can be reached is invited at once by e-mail: Settings say so for this user type.")
    else:
        st.caption("Nobody gets a message. Send the initial invitation afterwards.")


def _create(number: int) -> str:
    return "Create 1 account" if number == 1 else f"Create {number:,} accounts"
