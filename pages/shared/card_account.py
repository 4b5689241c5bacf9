"""The account on a card: its facts, and the menu of what may be done with it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core import database
from core.models import UserType
from core.permissions import Actor, Permission
from core.rules import new_accounts, words
from core.rules.new_accounts import NewAccount
from core.services import accounts, selections_beside
from core.services.accounts import Whom
from core.tables.account_card import AccountCard
from pages.shared import (
    act_dialogs,
    acts,
    bulk,
    cells,
    credentials_dialog,
    drawn,
    feedback,
    just_made,
    person_form,
    roles_dialog,
    sessions_dialog,
)

CHANGE_EMAIL = "Add/Edit e-mail"


def facts(card: AccountCard, time_zone: str) -> None:
    """Everything stored of the account, as a plain table."""
    rows = cells.account_facts(card, " · ".join(map(roles_dialog.said, card.roles)), time_zone)
    st.table(
        pd.DataFrame([(label, feedback.plain(value)) for label, value in rows], columns=["Fact", "Value"]),
        hide_index=True,
        hide_header=True,
        border="horizontal",
    )


def menu(actor: Actor, account_id: int) -> None:
    """*Actions*: what this role may do with this account."""
    offered = actions(actor, account_id)
    if not offered:
        return
    chosen = st.menu_button("Actions", list(offered), key=f"card.actions.{account_id}", type="primary")
    if chosen:
        offered[chosen]()


def actions(actor: Actor, account_id: int) -> dict[str, Callable[[], None]]:
    """Label to act; each opens a window that says first what will happen."""
    offered: dict[str, Callable[[], None]] = {}
    if actor.may(Permission.SEND):
        offered[bulk.SEND] = lambda: invite(actor, account_id)
        offered[bulk.SMS] = lambda: invite(actor, account_id, by=bulk.sms_initial_credentials)
    if actor.may(Permission.MANAGE_ACCOUNTS):
        offered[CHANGE_EMAIL] = lambda: person_form.change_email(actor, account_id)
        offered[sessions_dialog.TITLE] = lambda: sessions_dialog.end(actor, account_id)
    return offered | credentials_dialog.one(actor, account_id) | acts.one(actor, account_id)


def invite(actor: Actor, account_id: int, *, by: bulk.Act = bulk.send_initial_invitation) -> None:
    """On to the check of an invitation to this account alone; the selections of the lists stay."""
    with feedback.refusals_shown(), database.transaction() as db:
        selection_id = selections_beside.of_one(db, actor, account_id=account_id)
    by(selection_id)


def offer_to_create(actor: Actor, person_id: int, *, asks_type: bool = False) -> None:
    """For a person without an account: the username first, then the button. `asks_type`: they may be no colleague."""
    st.write("No account yet.")
    if not actor.may(Permission.CREATE_ACCOUNTS):
        return
    whom: Whom = {"person_ids": [person_id]}
    if asks_type and (chosen := _other_type(person_id)):
        whom["user_type"] = chosen
    with feedback.refusals_shown(), database.reading() as db:
        plan = accounts.preview(db, actor, **whom)
    seen = drawn.before("card.create_account.seen", (person_id, whom.get("user_type")), plan.seen)
    for skipped in plan.skipped:
        st.text(f"No account can be made, because {words.ACCOUNT_REFUSAL[skipped.reason]}.")
    for new in plan.new:
        st.text(f"The username will be {new.username}.")
        if st.button("Create account", type="primary", icon=":material/person_add:"):
            made, invited = just_made.create(actor, seen=seen, whom=whom)
            next_step = just_made.words(invited, otherwise="Send Initial Invitation")
            act_dialogs.remember_change(made.change_id, _next(new, next_step))
            st.rerun()


def _other_type(person_id: int) -> str:
    """What they are, when they do not work at the school."""
    chosen: str = st.selectbox(
        "User type",
        ["", *new_accounts.CHOSEN_TYPES],
        format_func=lambda one: words.USER_TYPE[UserType(one)] if one else "Works at the school",
        key=f"card.user_type.{person_id}",
        width=300,
    )
    return chosen


def _next(new: NewAccount, next_step: str) -> str:
    if new.role is None:
        return "The account is made. It has no role yet: an administrator gives one with Manage Roles/Periods."
    return f"The account is made. {next_step}"
