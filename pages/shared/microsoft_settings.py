"""*Microsoft 365* on the Settings page: on or off with what that changes, who lives there, and whether it works."""

from __future__ import annotations

import streamlit as st

from core import database
from core.config import settings
from core.delivery import microsoft_check
from core.delivery.microsoft_check import Trial
from core.gateways import microsoft_addresses
from core.models import SchoolSettings
from core.permissions import Actor
from core.rules import words
from core.rules.setting_words import SETTINGS
from core.services import microsoft_trials, school
from core.tables import microsoft_switch
from core.tables.microsoft_switch import Differences
from core.tables.school import settings as school_settings
from pages.shared import feedback, fresh_code, setting_fields
from pages.shared.setting_fields import Fields

_FOUND = "microsoft.found"
BUTTONS = {
    Trial.SIGN_IN: "Can people sign in?",
    Trial.READ_USERS: "Can it read users?",
    Trial.CREATE_USERS: "Can it create users?",
    Trial.SEND_MAIL: "Send me a test",
}


def form(actor: Actor) -> None:
    _switch(actor)
    _directory(actor)
    with st.expander("Connection to Microsoft", icon=":material/cable:", expanded=bool(st.session_state.get(_FOUND))):
        _connection(actor)


def _switch(actor: Actor) -> None:
    """What would differ is said before anything is saved."""
    with database.reading() as db:
        now = school_settings(db)
    fields = Fields(now)
    fields.switch("microsoft", key=setting_fields.anew("microsoft", now.microsoft))
    on = bool(fields.changes["microsoft"])
    types = _user_types(now) if on else now.microsoft_user_types
    if (on, sorted(types)) == (now.microsoft, sorted(now.microsoft_user_types)):
        return
    with database.reading() as db:
        found = microsoft_switch.differences(db, actor, on=on, user_types=types)
    st.info(_what_differs(found, on=on), icon=":material/info:")
    pressed = st.button("Save this change", type="primary", key="microsoft.save")
    if now_fresh := fresh_code.proved(actor, pressed, key="settings.microsoft", act="Save this change"):
        _save(now_fresh, {"microsoft": on, "microsoft_user_types": types})


def _user_types(now: SchoolSettings) -> list[str]:
    types: list[str] = st.multiselect(
        SETTINGS["microsoft_user_types"].label,
        list(words.USER_TYPE),
        now.microsoft_user_types,
        format_func=words.USER_TYPE.__getitem__,
        key=setting_fields.anew("microsoft_user_types", now.microsoft_user_types),
    )
    st.caption(SETTINGS["microsoft_user_types"].sentence)
    return types


def _directory(actor: Actor) -> None:
    """How people are created there."""
    with database.reading() as db:
        now = school_settings(db)
    if not now.microsoft:
        return
    with st.form("microsoft.directory"):
        st.markdown("**Accounts that are created in Microsoft 365**")
        fields = Fields(now)
        fields.text("microsoft_domain", placeholder="school.example")
        fields.text("microsoft_licence_group", placeholder="00000000-0000-0000-0000-000000000000")
        fields.switch("microsoft_only_on_creation")
        pressed = st.form_submit_button("Save", type="primary")
    setting_fields.button(actor, fields, pressed, of="microsoft.directory")
    st.page_link("directory.py", label="Microsoft directory: look up and create", icon=":material/cloud_sync:")


def _what_differs(found: Differences, *, on: bool) -> str:
    kept = "No username that exists changes."
    local = f"{found.local:,} accounts with a password here stay so until you convert them in User Accounts."
    there = f"{found.microsoft:,} accounts of Microsoft 365 stay so and go on signing in there."
    moved = f"{found.won:,} people can be invited by e-mail who could not before; {found.lost:,} cannot any more."
    return " ".join([kept, local if on else there, moved])


def _save(actor: Actor, changes: dict[str, object]) -> None:
    with feedback.refusals_shown(), database.transaction() as db:
        school.change_settings(db, actor, changes=changes)
    feedback.later("Microsoft 365 is changed. What differs for whom stands in the lists.")
    st.rerun()


def _connection(actor: Actor) -> None:
    values = settings()
    if not values.microsoft_is_set_up:
        st.write("Not set up yet. Firstkey needs an application that your Microsoft administrator registers.")
    st.write("The registration needs this address to come back to (Web, redirect URI):")
    st.code(microsoft_addresses.callback(), language=None)
    secret = "is set" if values.microsoft_client_secret else "is missing"
    for name, value in (
        ("Tenant", values.microsoft_tenant_id or "missing: FIRSTKEY_MICROSOFT_TENANT_ID"),
        ("Application (client)", values.microsoft_client_id or "missing: FIRSTKEY_MICROSOFT_CLIENT_ID"),
        ("Secret", f"{secret}: FIRSTKEY_MICROSOFT_CLIENT_SECRET"),
        ("Mailbox", values.graph_mailbox or "none: FIRSTKEY_GRAPH_MAILBOX, for e-mail from Microsoft 365"),
    ):
        st.text(f"{name}: {value}")
    st.caption("These are set where Firstkey is started, never here. Each step stands in docs/microsoft365.md.")
    _trials(actor)


def _trials(actor: Actor) -> None:
    columns = st.columns(len(BUTTONS))
    for column, (trial, label) in zip(columns, BUTTONS.items(), strict=True):
        if column.button(label, key=f"microsoft.{trial}", width="stretch"):
            with feedback.refusals_shown(), database.transaction() as db:
                address = microsoft_trials.begin(db, actor, trial=trial.value)
            with st.spinner("Asking Microsoft …"):
                st.session_state[_FOUND] = microsoft_check.run(trial, own_address=address)
    found = st.session_state.get(_FOUND)
    if found is not None:
        (st.success if found.works else st.error)(feedback.plain(found.sentence))
