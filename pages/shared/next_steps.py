"""After somebody was registered: the account with its username, then the invitation."""

from __future__ import annotations

import sqlalchemy as sa
import streamlit as st
from sqlmodel import col

from core import database
from core.models import Account, Person
from core.permissions import Actor, Permission
from core.tables import scope
from pages.shared import card_account


def after(actor: Actor, kind: str, person_id: int) -> None:
    """What can be done next for the one who was just registered."""
    with database.reading() as db:
        query = sa.select(Person).where(col(Person.id) == person_id, col(Person.kind) == kind, scope.people(actor))
        person = db.scalars(query).first()
        account = db.scalars(sa.select(Account).where(col(Account.person_id) == person_id)).first()
    if person is None:
        st.info("There is nobody of that number. Go back to the list.")
        return
    with st.container(border=True):
        st.text(f"{person.first_name} {person.last_name} is registered, code {person.source_id}.")
        if account is None:
            card_account.offer_to_create(actor, person_id)
        else:
            st.text(f"Username: {account.username}")
            _offer_invitation(actor, account.id or 0)
    with st.container(horizontal=True, vertical_alignment="center"):
        if kind == "student":
            st.page_link("student.py", label="Open the card", query_params={"id": str(person_id)})
        if st.button("Register another one"):
            st.query_params.clear()
            st.query_params["kind"] = kind
            st.rerun()


def _offer_invitation(actor: Actor, account_id: int) -> None:
    if not actor.may(Permission.SEND):
        return
    if st.button("Send Initial Invitation", type="primary", icon=":material/send:"):
        card_account.invite(actor, account_id)
