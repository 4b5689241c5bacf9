"""The window of User Account Credentials: what is printed for whom, what it would say, and the download."""

from __future__ import annotations

from html import escape

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import credential_checks, report_parameters
from core.rules.handing_over import SlipSecret
from core.rules.report_requests import is_long
from core.services import initial_passwords, open_session, printed_accounts, selections_beside
from core.services.printed_accounts import Printed
from core.tables import selection_rows, slips
from core.tables.selection_rows import RowScope
from pages.shared import credentials_choices, download, feedback, fresh_code, guarded, issuing, report_preview

TITLE = "User Account Credentials (Students and parents)"
SAID = {
    SlipSecret.PASSWORD: "with a live initial password",
    SlipSecret.LINK: "with a code for a live link, without an initial password",
    SlipSecret.CHOSEN: "of people who have chosen a password already",
    SlipSecret.MICROSOFT_PASSWORD: "with the initial password of a new Microsoft account",
    SlipSecret.MICROSOFT: "of people who sign in with Microsoft 365",
    SlipSecret.STAFF: "of members of staff: only an administrator prints their password",
    SlipSecret.NONE: "without live credentials",
    SlipSecret.NO_LINK: "without a live link: send them an invitation first",
}
# Ids, numbers, the form token, and the parameters in letters that mean nothing in HTML (R54). The password of the
# file is typed into the form itself: Streamlit never holds it.
TEMPLATE = (
    """
<style>
.firstkey-credentials {{ margin: 0; display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; }}
.firstkey-credentials label {{ font-size: .875rem; flex: 1 1 14rem; }}
.firstkey-credentials input[type=password] {{
  display: block; width: 100%; box-sizing: border-box; margin-top: .25rem; padding: .5rem .75rem; font: inherit;
  color: inherit; background: transparent; border: 1px solid color-mix(in srgb, currentColor 30%, transparent);
  border-radius: .5rem;
}}
.firstkey-credentials button {{
  padding: .5rem 1rem; border: 0; border-radius: .5rem; background: #0f5e63; color: #fff; font: inherit;
  font-weight: 600; cursor: pointer;
}}
.firstkey-credentials button:hover {{ background: #0b4a4e; }}
.firstkey-credentials :focus-visible {{ outline: 2px solid currentColor; outline-offset: 2px; }}
</style>
<form class="firstkey-credentials" method="post" action="/files/credentials">"""
    + download.ROWS
    + """<input type="hidden" name="parameters" value="{parameters}">
<label>Password of the file (you may leave it empty)
<input type="password" name="pdf_password" maxlength="60" autocomplete="new-password"></label>
<button type="submit">{label}</button>
</form>
"""
)


@guarded.dialog(Permission.REVEAL_CREDENTIALS, TITLE, width="large", on_dismiss=report_preview.forget)
def of_rows(actor: Actor, selection_id: int, scope: RowScope) -> None:
    """For everybody chosen, or for all that the filter shows."""
    _window(actor, selection_id, scope)


@guarded.dialog(Permission.REVEAL_CREDENTIALS, "Print slip", width="large", on_dismiss=report_preview.forget)
def of_account(actor: Actor, account_id: int) -> None:
    """For one account."""
    with feedback.refusals_shown(), database.transaction() as db:
        selection_id = selections_beside.of_one(db, actor, account_id=account_id)
    _window(actor, selection_id, "selected", one=True)


def _window(actor: Actor, selection_id: int, scope: RowScope, *, one: bool = False) -> None:
    with feedback.refusals_shown(), database.reading() as db:
        classes = {} if one else printed_accounts.classes(db, actor, selection_id=selection_id, scope=scope)
    printed = Printed(selection_id, scope, credentials_choices.ask(one=one, classes=classes))
    parameters = printed.parameters
    report_preview.end_other(printed)
    with feedback.refusals_shown(), database.reading() as db:
        credential_checks.check(parameters)
        chosen = selection_rows.size(db, actor, selection_id=selection_id, scope=scope)
        accounts = printed_accounts.accounts(db, actor, printed)
        found = slips.count(db, actor, account_ids=accounts, parameters=parameters)
    number = sum(found.values())
    _say(found, number)
    if number and actor.is_fresh:
        _form(actor, printed, chosen, number)
        report_preview.offer(actor, printed)
    elif number and fresh_code.ask(actor, key="credentials", act="Go on to the download"):
        st.rerun(scope="fragment")
    st.caption("Printing changes nothing: the same can be printed again, with the same passwords.")
    if found[SlipSecret.NONE]:
        _offer(actor, printed, found[SlipSecret.NONE])


def _say(found: dict[SlipSecret, int], number: int) -> None:
    if not number:
        st.info("Nobody chosen has an account that these choices cover. Change them, or choose others in the list.")
        return
    st.write("Printed for **1 account**" if number == 1 else f"Printed for **{number:,} accounts**")
    told = [f"{found[secret]:,} {said}" for secret, said in SAID.items() if found[secret]]
    st.caption(" · ".join(told))


def _offer(actor: Actor, printed: Printed, number: int) -> None:
    """A step of its own, with its own button: printing never issues. Whoever has a live password keeps it."""
    with feedback.refusals_shown(), database.reading() as db:
        possible = initial_passwords.check(db, actor, printed=printed).receive
    if not possible:
        st.caption(f"{number:,} can get no initial password: they are deactivated, or their status does not count.")
        return
    st.info(f"{number:,} of them have nothing live to print. Issue it first.", icon=":material/info:")
    wanted = st.checkbox(
        "Issue initial passwords to those without one", key=f"credentials.issue.{printed.selection_id}"
    )
    if wanted and issuing.confirm(actor, printed=printed):
        st.rerun(scope="fragment")


def _form(actor: Actor, printed: Printed, expected: int, number: int) -> None:
    later = is_long("credentials", number)
    filled = TEMPLATE.format(
        token=open_session.form_token(actor),
        selection_id=printed.selection_id,
        scope=escape(printed.scope),
        expected=expected,
        parameters=escape(report_parameters.as_text(printed.parameters)),
        label=f"{'Prepare' if later else 'Download'} for {'1 account' if number == 1 else f'{number:,} accounts'}",
    )
    st.html(filled)
    if later:
        st.caption("So many pages are made while you go on: they appear on the Reports page, for ten minutes.")
