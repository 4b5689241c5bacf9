"""After somebody was registered: the account with its username, then the invitation."""

from __future__ import annotations

import sqlalchemy as sa
import streamlit as st
from sqlmodel import col

from core import database
from core.models import Account, Person
from core.permissions import Actor, Permission
from core.tables import actors, scope
from pages.shared import card_account, roles_dialog


def after(actor: Actor, kind: str, person_id: int) -> None:
    """What can be done next for the one who was just registered."""
    with database.reading() as db:
        query = sa.select(Person).where(col(Person.id) == person_id, col(Person.kind) == kind, scope.people(actor))
        person = db.scalars(query).first()
        account = db.scalars(sa.select(Account).where(col(Account.person_id) == person_id)).first()
        has_role = account is not None and bool(actors.of_account(db, account, session_id="", ip=None).roles)
    if person is None:
        st.info("There is nobody of that number. Go back to the list.")
        return
    with st.container(border=True):
        st.text(f"{person.first_name} {person.last_name} is registered, code {person.source_id}.")
        if account is None:
            card_account.offer_to_create(actor, person_id, asks_type=kind == "staff")
        else:
            st.text(f"Username: {account.username}")
            _offer_invitation(actor, account.id or 0, has_role=has_role)
    with st.container(horizontal=True, vertical_alignment="center"):
        open_card(actor, kind, person_id, label="Open the card")
        if st.button("Register another one"):
            st.query_params.clear()
            st.query_params["kind"] = kind
            st.rerun()


def open_card(actor: Actor, kind: str, person_id: int, *, label: str) -> None:
    """The way to the card of somebody of that kind, with an account or without."""
    if kind == "student":
        st.page_link("student.py", label=label, query_params={"id": str(person_id)})
    elif actor.may(Permission.SEE_ACCOUNTS):
        st.page_link("account.py", label=label, query_params={"person": str(person_id)})


def _offer_invitation(actor: Actor, account_id: int, *, has_role: bool) -> None:
    """Whoever has no role could choose a password and then open nothing: the role comes first."""
    if not has_role:
        st.warning("No role yet, so this person could not sign in.", icon=":material/badge:")
        if not actor.may(Permission.MANAGE_ROLES):
            st.write("Ask an administrator to give one. Then send the invitation.")
        elif st.button("Manage Roles/Periods", type="primary"):
            roles_dialog.manage(actor, account_id)
    elif actor.may(Permission.SEND) and st.button("Send Initial Invitation", type="primary", icon=":material/send:"):
        card_account.invite(actor, account_id)
