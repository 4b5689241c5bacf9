"""The menus over a list: what can be done with the selection, and what can be printed of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from core.permissions import Actor, Permission
from core.services.report_papers import TITLES, ReportKind
from core.services.selections import ListName
from core.tables.selection_rows import RowScope
from pages.shared import credentials_report, download, filter_address

Act = Callable[[int], None]
SEND = "Send Initial Invitation"
_OPENED, _WANTED = "reports.opened", "reports.credentials"
SMS = "SMS Initial User Credentials"
FILES = {
    "list-xlsx": ("Export for Excel", "XLSX"),
    "list-csv": ("Export as text", "CSV"),
    "list-csv-plain": ("Export for other programs", "CSV, plain UTF-8"),
}


def actions(list_name: ListName, acts: Mapping[str, Act]) -> str | None:
    """*Bulk Actions*: the name of the act that was chosen just now."""
    if not acts:
        return None
    return st.menu_button("Bulk Actions", list(acts), key=f"{list_name}.bulk", type="primary")


def reports(actor: Actor, *, selection_id: int, scope: RowScope, expected: int, as_shown: Mapping[str, str]) -> None:
    """*Reports*: of the selection, else of all that the filter shows. `as_shown`: columns and order, for files."""
    if not actor.may(Permission.PRINT_REPORTS):
        return
    if st.session_state.pop(_WANTED, False):
        credentials_report.of_rows(actor, selection_id, scope)
    window = st.popover("Reports", disabled=not expected, key=_menu_key(), on_change="rerun")
    with window:
        if not window.open:
            return
        st.caption("Of the selected rows" if scope == "selected" else "Of all that the filter shows")
        form = partial(download.report_form, actor, selection_id=selection_id, scope=scope, expected=expected)
        for kind in (ReportKind.STUDENT_ACCOUNT_INFO, ReportKind.USER_ACCOUNT_INFO):
            form(label=TITLES[kind], kind=kind)
        if actor.may(Permission.REVEAL_CREDENTIALS):
            st.button(f"{credentials_report.TITLE}…", type="tertiary", on_click=_open_credentials)
        st.caption("The list itself, with the columns on screen")
        for file_kind, (label, said) in FILES.items():
            form(label=label, kind=file_kind, said=said, more=as_shown)


def _menu_key() -> str:
    """Another one closes the menu: it would stand over the window."""
    return f"reports.{st.session_state.get(_OPENED, 0)}"


def _open_credentials() -> None:
    st.session_state[_OPENED] = st.session_state.get(_OPENED, 0) + 1
    st.session_state[_WANTED] = True


def send_initial_invitation(selection_id: int) -> None:
    """On to the check: who will receive it, who will not and why."""
    st.switch_page("campaigns.py", query_params={"selection": str(selection_id)})


def sms_initial_credentials(selection_id: int) -> None:
    """The same for text messages."""
    st.switch_page("campaigns.py", query_params={"selection": str(selection_id), "by": "sms"})


def sending(actor: Actor) -> dict[str, Act]:
    """The two ways to send, for whoever may."""
    if not actor.may(Permission.SEND):
        return {}
    return {SEND: send_initial_invitation, SMS: sms_initial_credentials}


def show_guardians(_selection_id: int) -> None:
    """On to the accounts of those who answer for the selected students."""
    st.switch_page("accounts.py", query_params=filter_address.link({"guardians_of_selected": "True"}))
