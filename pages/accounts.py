"""User Accounts: choose a user type, search, tick rows, send."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from sqlmodel import Session

from core.permissions import Actor, Permission
from core.tables import accounts, issued
from core.tables.filters import AccountFilter, Found, Page
from core.tables.frames import Columns
from pages.shared import account_filters, acts, bulk, create_accounts, credentials_dialog, guard, list_screen
from pages.shared.account_columns import COLUMNS
from pages.shared.list_screen import ListScreen


def _find(db: Session, actor: Actor, asked: AccountFilter, page: Page) -> Found:
    return accounts.found(db, actor, filter=asked, page=page)


def _rows(db: Session, actor: Actor, ids: Sequence[int], names: frozenset[str]) -> Columns:
    rows = accounts.cells(db, actor, ids=ids, names=names)
    return {**rows, **issued.of_accounts(db, rows["id"])} if names & issued.COLUMNS else rows


def _count(db: Session, actor: Actor, asked: AccountFilter) -> int:
    return accounts.count(db, actor, filter=asked)


def _count_up_to(db: Session, actor: Actor, asked: AccountFilter, limit: int) -> int:
    return accounts.count_up_to(db, actor, filter=asked, limit=limit)


def _acts(actor: Actor) -> dict[str, bulk.Act]:
    return bulk.sending(actor) | credentials_dialog.bulk_acts(actor) | acts.bulk(actor, "accounts")


def _open(account_id: int) -> None:
    st.switch_page("account.py", query_params={"id": str(account_id)})


actor = guard.require(Permission.SEE_ACCOUNTS)
list_screen.draw(
    actor,
    ListScreen(
        name="accounts",
        title="User Accounts",
        noun="accounts",
        permission=Permission.SEE_ACCOUNTS,
        newcomers={"guardian": "New guardian", "staff": "New staff member"},
        kind=AccountFilter,
        questions=lambda asked: account_filters.questions(actor, asked),
        columns=COLUMNS,
        find=_find,
        rows=_rows,
        count=_count,
        count_up_to=_count_up_to,
        acts=_acts(actor),
        open_card=_open,
        create=create_accounts.of_a_kind,
    ),
)
