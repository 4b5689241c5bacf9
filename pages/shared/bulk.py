"""The menus over a list: what can be done with the selection, and what can be printed of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.permissions import Actor, Permission
from pages.shared import download
from pages.shared.listing import Listing, Shown

Act = Callable[[int], None]
SEND = "Send Initial Invitation"


def actions(listing: Listing, shown: Shown, acts: Mapping[str, Act]) -> None:
    """*Bulk Actions*: each act gets the selection's id. Without a selection the menu says what is missing."""
    if not acts:
        return
    help_text = None if shown.chosen else "Tick rows first, or press Select all."
    chosen = st.menu_button(
        "Bulk Actions",
        list(acts),
        key=f"{listing.name}.bulk",
        type="primary",
        disabled=not shown.chosen,
        help=help_text,
    )
    if chosen:
        acts[chosen](shown.selection_id)


def reports(actor: Actor, shown: Shown) -> None:
    """*Reports*: of the selection, else of all that the filter shows."""
    if not actor.may(Permission.PRINT_REPORTS):
        return
    scope, expected = ("selected", shown.chosen) if shown.chosen else ("shown", shown.total)
    with st.popover("Reports", disabled=not expected):
        st.caption("Of the selected rows" if shown.chosen else "Of all that the filter shows")
        download.report_form(
            actor,
            label="Student Account Info",
            kind="student-account-info",
            selection_id=shown.selection_id,
            scope=scope,
            expected=expected,
        )


def send_initial_invitation(selection_id: int) -> None:
    """On to the check: who will receive it, who will not and why."""
    st.switch_page("campaigns.py", query_params={"selection": str(selection_id)})
