"""Account card: whose account it is, how it stands, what happened, and why they cannot sign in."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import words
from core.services.access import Sought
from core.tables import account_card, school
from core.tables.account_card import AccountCard
from pages.shared import (
    acts,
    card_account,
    card_contact,
    card_family,
    card_identity,
    card_timeline,
    card_trouble,
    feedback,
    guard,
    noted,
)


def _card(actor: Actor) -> AccountCard:
    """The account of `?id=`."""
    text = st.query_params.get("id", "")
    account_id = int(text) if text.isdecimal() and len(text) < 10 else 0
    with feedback.refusals_shown(sought=Sought("account", account_id)), database.reading() as db:
        return account_card.read(db, actor, account_id=account_id)


def _identity(actor: Actor, card: AccountCard) -> None:
    owner = card.owner
    facts = {
        "User type": card_identity.user_type(card.facts.user_type),
        "Username": card.facts.username,
        "Code": owner.source_id,
        "Class": owner.section,
        "Status": words.PERSON_STATUS[words.PersonStatus(owner.status)],
    }
    card_identity.draw(f"{owner.first_name} {owner.last_name}", facts, card.state)
    masks = not actor.may(Permission.SEE_CONTACTS)
    card_identity.verdict("Can be invited by e-mail", card.by_email, masks=masks)
    card_identity.verdict("Can get an SMS", card.by_sms, masks=masks)
    if owner.kind == "student":
        st.page_link("student.py", label="Student card", query_params={"id": str(owner.person_id)})


actor = guard.require(Permission.SEE_ACCOUNTS)
st.page_link("accounts.py", label="User Accounts", icon=":material/arrow_back:")
card = _card(actor)
noted.card(actor, card.owner.person_id)
with database.reading() as db:
    time_zone = school.settings(db).time_zone
left, right = st.columns([1, 2], gap="large")
with left, st.container(border=True):
    _identity(actor, card)
    card_account.menu(actor, card.id)
with right:
    feedback.said()
    acts.undo_offer(actor)
    family = "Students" if card.owner.kind == "guardian" else "Guardians"
    titles = ["Account", "Contact", *([family] if card.owner.kind != "staff" else []), "Timeline"]
    tabs = dict(zip([*titles, "Why can't they sign in?"], st.tabs([*titles, "Why can't they sign in?"]), strict=True))
    with tabs["Account"]:
        card_account.facts(card, time_zone)
    with tabs["Contact"]:
        if card.owner.kind == "student":
            st.page_link(
                "student.py", label="Contacts stand on the student card", query_params={"id": str(card.owner.person_id)}
            )
        else:
            card_contact.draw(actor, card.owner, of_staff=card.is_of_staff)
    if family in tabs:
        with tabs[family]:
            if card.owner.kind == "guardian":
                card_family.students(actor, card.owner.person_id)
            else:
                card_family.guardians_and_siblings(actor, card.owner.person_id)
    with tabs["Timeline"]:
        card_timeline.draw(actor, card.owner.person_id, time_zone)
    with tabs["Why can't they sign in?"]:
        card_trouble.draw(actor, card.id, time_zone)
