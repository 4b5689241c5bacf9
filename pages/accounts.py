"""User Accounts: choose a user type, search, tick rows, send."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.account_state import AccountState
from core.tables import accounts, options, school
from core.tables.filters import AccountFilter
from pages.shared import bulk, cells, empty, feedback, filters, guard, picker
from pages.shared.filters import Choice
from pages.shared.listing import Listing

LOGIN = {"": "All", "has": "Has Logged On", "never": "Never Logged On"}


def _choices(actor: Actor) -> tuple[list[Choice], list[Choice]]:
    with database.reading() as db:
        sections = options.sections(db, actor)
    states = {state: word for state, word in cells.STATE_OPTIONS.items() if state != AccountState.NO_ACCOUNT}
    main = [
        Choice("user_types", "User Type", {"": "All", **cells.named(words.USER_TYPE)}, many=False),
        Choice("section_ids", "Class", sections),
        Choice("states", "State", states),
    ]
    more = [
        Choice("active", "Active User Account", filters.YES_NO, many=False),
        Choice("verified", "Verified Email", filters.YES_NO, many=False),
        Choice("login", "Login Status", LOGIN, many=False),
        Choice("roles", "Roles", {"none": "None", **cells.named(words.ROLE)}),
    ]
    return main, more


def _dress(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Open": rows["kind"].map({"student": "Open"}).fillna(""),
            "Name": rows["last_name"] + " " + rows["first_name"],
            "User Type": rows["user_type"].map(partial(cells.said, words.USER_TYPE)),
            "Class": rows["section"].fillna(""),
            "Username": rows["username"],
            "State": rows["state"].map(cells.state_chip),
            "Can be invited by e-mail": rows["email_refusal"].map(cells.invitable, na_action=None),
            "Last invitation": pd.to_datetime(rows["invited_at"], utc=True),
            "Valid until": pd.to_datetime(rows["invitation_ends_at"], utc=True),
            "Last login": pd.to_datetime(rows["last_sign_in_at"], utc=True),
            "Invitation address": rows["address"],
            "Role": rows["roles"].map(_roles),
            "Students": rows["students"],
        }
    )


def _roles(held: str) -> str:
    return ", ".join(cells.said(words.ROLE, role) for role in held.split())


def _listing(asked: AccountFilter, time_zone: str) -> Listing:
    moments = ("Last invitation", "Valid until", "Last login")
    return Listing(
        name="accounts",
        noun="accounts",
        filter=asked,
        page=lambda db, actor, page: accounts.page(db, actor, filter=asked, page=page),
        count=lambda db, actor: accounts.count(db, actor, filter=asked),
        dress=_dress,
        columns={
            "State": cells.state_column(),
            "Can be invited by e-mail": st.column_config.TextColumn(width=220),
            **{title: cells.moment_column(title, time_zone) for title in moments},
        },
        orders={
            "Name": "name",
            "Username": "username",
            "User Type": "user_type",
            "Last invitation": "invited_at",
            "Last login": "last_sign_in_at",
        },
    )


actor = guard.require(Permission.SEE_ACCOUNTS)
st.title("User Accounts")
feedback.said()
main, more = _choices(actor)
asked = filters.ask(
    "accounts", AccountFilter, placeholder="Name, code, e-mail, phone or username", main=main, more=more
)
with database.reading() as db:
    time_zone = school.settings(db).time_zone
listing = _listing(asked, time_zone)
with feedback.refusals_shown():
    shown = picker.look(actor, listing)
if not shown.total:
    empty.accounts(actor, asked, filters.chips(asked, [*main, *more]))
acts = {bulk.SEND: bulk.send_initial_invitation} if actor.may(Permission.SEND) else {}
picker.toolbar(actor, listing, shown, acts)
picker.table(
    listing, shown, open_card=lambda row_id: st.switch_page("student.py", query_params={"account": str(row_id)})
)
picker.paging(listing, shown)
