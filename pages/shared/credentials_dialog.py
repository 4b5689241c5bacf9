"""The windows of credentials that staff hand over: issue initial passwords, show one, copy a link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.services import copied_links, initial_passwords
from core.tables import school
from pages.shared import cells, credentials_report, feedback, fresh_code, guarded, issuing

ISSUE_MANY, PRINT_MANY = "Issue new initial passwords", "Print slips"
ISSUE, SHOW, COPY, PRINT = "Issue new initial password", "Show initial password", "Copy link", "Print slip"


def bulk_acts(actor: Actor) -> dict[str, Callable[[int], None]]:
    """What the role may do with the credentials of a selection, by the words of the menu."""
    if not actor.may(Permission.REVEAL_CREDENTIALS):
        return {}
    return {
        ISSUE_MANY: lambda selection_id: issue_many(actor, selection_id),
        PRINT_MANY: lambda selection_id: credentials_report.of_rows(actor, selection_id, "selected"),
    }


def one(actor: Actor, account_id: int) -> dict[str, Callable[[], None]]:
    """The same for one account."""
    if not actor.may(Permission.REVEAL_CREDENTIALS):
        return {}
    return {
        ISSUE: lambda: issue_one(actor, account_id),
        SHOW: lambda: show(actor, account_id),
        COPY: lambda: copy_link(actor, account_id),
        PRINT: lambda: credentials_report.of_account(actor, account_id),
    }


@guarded.dialog(Permission.REVEAL_CREDENTIALS, ISSUE_MANY)
def issue_many(actor: Actor, selection_id: int) -> None:
    """Say what would happen to how many; issue on the button."""
    if done := issuing.confirm(actor, selection_id=selection_id):
        feedback.later(f"New initial passwords: {done:,}. Next: {PRINT_MANY}. The older ones open nothing now.")
        st.rerun()


@guarded.dialog(Permission.REVEAL_CREDENTIALS, ISSUE)
def issue_one(actor: Actor, account_id: int) -> None:
    """The same for one account; the new password is shown here, once."""
    with feedback.refusals_shown(), database.reading() as db:
        found = initial_passwords.check(db, actor, account_id=account_id)
    issuing.consequences(found)
    place = st.empty()
    pressed = bool(found.receive) and place.button("Issue 1 new password", type="primary")
    if now_fresh := fresh_code.proved(actor, pressed, key=f"issue.{account_id}", act="Issue 1 new password"):
        place.empty()
        with feedback.refusals_shown(), database.transaction() as db:
            initial_passwords.issue(db, now_fresh, account_id=account_id, expected=1)
            shown = initial_passwords.reveal(db, now_fresh, account_id=account_id)
        _secret(shown)


@guarded.dialog(Permission.REVEAL_CREDENTIALS, SHOW)
def show(actor: Actor, account_id: int) -> None:
    """Show the live one on the button, so that opening the window by mistake reveals nothing."""
    st.write("The initial password appears here. Nothing is changed by looking, and the audit says that you looked.")
    place = st.empty()
    pressed = place.button("Show it", type="primary")
    if now_fresh := fresh_code.proved(actor, pressed, key=f"show.{account_id}", act="Show it"):
        place.empty()
        with feedback.refusals_shown(), database.transaction() as db:
            shown = initial_passwords.reveal(db, now_fresh, account_id=account_id)
        _secret(shown)


@guarded.dialog(Permission.REVEAL_CREDENTIALS, COPY)
def copy_link(actor: Actor, account_id: int) -> None:
    """Make a new link on the button and show it, once."""
    st.write("A new link is made. Whoever opens it chooses the password of this account: give it to this person only.")
    st.caption("Links sent or copied before stop working at once.")
    place = st.empty()
    pressed = place.button("Make a new link", type="primary")
    if now_fresh := fresh_code.proved(actor, pressed, key=f"link.{account_id}", act="Make a new link"):
        place.empty()
        with feedback.refusals_shown(), database.transaction() as db:
            made = copied_links.issue(db, now_fresh, account_id=account_id)
        st.code(made.address, language=None, wrap_lines=True)
        ended = {0: "No older link was live.", 1: "1 older link ended."}
        st.write(f"It works until **{_moment(made.expires_at)}**, once.")
        st.caption(f"{ended.get(made.replaced, f'{made.replaced:,} older links ended.')} It is not shown again.")


def _moment(moment: datetime) -> str:
    with database.reading() as db:
        zone = school.settings(db).time_zone
    return cells.moment_words(moment, zone)


def _secret(shown: initial_passwords.Revealed | None) -> None:
    if shown is None:
        st.info("There is no live initial password. Issue a new one first.", icon=":material/info:")
        return
    st.text(f"Username: {shown.username}")
    st.code(shown.password, language=None)
    if shown.expires_at is None:
        st.write("It is Microsoft's: whoever signs in there with it chooses a password of their own at once.")
        return
    st.write(f"It works until **{_moment(shown.expires_at)}** and opens only the page to choose a password.")
