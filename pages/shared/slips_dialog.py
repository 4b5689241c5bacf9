"""The window of *Print slips*: what they would say, how many stand on a page, and the download."""

from __future__ import annotations

from html import escape

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules.handing_over import SlipSecret
from core.services import selections, sign_in
from core.services.selections import RowScope
from core.tables import slips
from pages.shared import feedback, guarded, issuing

SAID = {
    SlipSecret.PASSWORD: "with a live initial password",
    SlipSecret.LINK: "with a code for a live link, without an initial password",
    SlipSecret.CHOSEN: "of people who have chosen a password already",
    SlipSecret.MICROSOFT: "of people who sign in with Microsoft 365",
    SlipSecret.STAFF: "of members of staff: only an administrator prints their password",
    SlipSecret.NONE: "without live credentials",
}
# Ids, numbers and the form token only, as in pages/shared/download.py (R54).
TEMPLATE = """
<style>
.firstkey-slips {{ margin: 0; }}
.firstkey-slips button {{
  padding: .5rem 1rem; border: 0; border-radius: .5rem; background: #0f5e63; color: #fff; font: inherit;
  font-weight: 600; cursor: pointer;
}}
.firstkey-slips button:hover {{ background: #0b4a4e; }}
.firstkey-slips button:focus-visible {{ outline: 2px solid currentColor; outline-offset: 2px; }}
</style>
<form class="firstkey-slips" method="post" action="/files/credentials">
<input type="hidden" name="form_token" value="{token}">
<input type="hidden" name="selection_id" value="{selection_id:d}">
<input type="hidden" name="scope" value="{scope}">
<input type="hidden" name="expected" value="{expected:d}">
<input type="hidden" name="layout" value="{layout}">
<button type="submit">{label}</button>
</form>
"""


@guarded.dialog(Permission.REVEAL_CREDENTIALS, "Print slips")
def of_selection(actor: Actor, selection_id: int) -> None:
    """For everybody chosen."""
    _window(actor, selection_id, "selected")


@guarded.dialog(Permission.REVEAL_CREDENTIALS, "Print slip")
def of_account(actor: Actor, account_id: int) -> None:
    """For one account."""
    with feedback.refusals_shown(), database.transaction() as db:
        selection_id = selections.of_one(db, actor, account_id=account_id)
    _window(actor, selection_id, "selected")


def _window(actor: Actor, selection_id: int, scope: RowScope) -> None:
    with feedback.refusals_shown(), database.reading() as db:
        chosen = selections.size(db, actor, selection_id=selection_id, scope=scope)
        accounts = selections.account_ids(db, actor, selection_id=selection_id, scope=scope)
        found = slips.count(db, actor, account_ids=accounts)
    number = sum(found.values())
    st.write("1 slip" if number == 1 else f"{number:,} slips")
    for secret, said in SAID.items():
        if found[secret]:
            st.caption(f"{found[secret]:,} {said}")
    if chosen > number:
        st.caption(f"No slip for {chosen - number:,} without an account.")
    layout = st.segmented_control("Slips on a page", ("2", "4", "8"), default="8", key="slips.layout") or "8"
    if number:
        _form(actor, selection_id, scope, chosen, number, layout)
    st.caption("Printing changes nothing: the same slip can be printed again, with the same password.")
    if found[SlipSecret.NONE]:
        _offer(actor, selection_id, found[SlipSecret.NONE])


def _offer(actor: Actor, selection_id: int, number: int) -> None:
    """A step of its own, with its own button: printing never issues. Whoever has a live password keeps it."""
    st.info(f"{number:,} of them have nothing live to print. Issue it first.", icon=":material/info:")
    if st.checkbox("Issue initial passwords to those without one", key=f"slips.issue.{selection_id}"):
        done = issuing.confirm(actor, selection_id=selection_id, missing_only=True)
        if done:
            st.rerun(scope="fragment")


def _form(actor: Actor, selection_id: int, scope: str, expected: int, number: int, layout: str) -> None:
    filled = TEMPLATE.format(
        token=sign_in.form_token(actor),
        selection_id=selection_id,
        scope=escape(scope),
        expected=expected,
        layout=escape(layout),
        label="Download 1 slip" if number == 1 else f"Download {number:,} slips",
    )
    st.html(filled)
