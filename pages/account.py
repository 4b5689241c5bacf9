"""Account card: whose account it is, how it stands, what happened, and why they cannot sign in."""

from __future__ import annotations

import streamlit as st

from core import database
from core.errors import Sought
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.account_state import AccountState
from core.tables import account_card, person_card, school
from core.tables.account_card import AccountCard, Owner
from pages.shared import (
    acts,
    card_account,
    card_classes,
    card_contact,
    card_family,
    card_identity,
    card_rights,
    card_timeline,
    card_trouble,
    feedback,
    guard,
    noted,
)


def _card(actor: Actor) -> AccountCard | Owner:
    """The account of `?id=`, or the guardian or member of staff of `?person=`, who may have none yet."""
    account_id, person_id = _number("id"), _number("person")
    sought = Sought("person", person_id) if person_id else Sought("account", account_id)
    with feedback.refusals_shown(sought=sought), database.reading() as db:
        if person_id:
            known = person_card.read(db, actor, person_id=person_id)
            if known.account_id is None:
                return known.owner
            account_id = known.account_id
        return account_card.read(db, actor, account_id=account_id)


def _number(name: str) -> int:
    text = st.query_params.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _identity(actor: Actor, owner: Owner, card: AccountCard | None) -> None:
    facts = {
        "User type": card_identity.user_type(card.facts.user_type if card else owner.kind),
        "Username": card.facts.username if card else "",
        "Code": owner.source_id,
        "Class": owner.section,
        "Classes taught": ", ".join(owner.teaches.values()),
        "Status": words.PERSON_STATUS[words.PersonStatus(owner.status)],
    }
    state = card.state if card else AccountState.NO_ACCOUNT
    card_identity.draw(" ".join(filter(None, (owner.first_name, owner.middle_name, owner.last_name))), facts, state)
    if card is None:
        return
    masks = not actor.may(Permission.SEE_CONTACTS)
    card_identity.verdict("Can be invited by e-mail", card.by_email, masks=masks)
    card_identity.verdict("Can get an SMS", card.by_sms, masks=masks)
    card_account.menu(actor, card.id)
    if owner.kind == "student":
        st.page_link("student.py", label="Student card", query_params={"id": str(owner.person_id)})


def _contact(actor: Actor, owner: Owner, card: AccountCard | None) -> None:
    if owner.kind != "student":
        of_staff = card.is_of_staff if card else owner.kind == "staff"
        card_contact.draw(actor, owner, of_staff=of_staff, has_account=card is not None)
        if owner.kind == "staff":
            card_classes.draw(actor, owner, of_staff=of_staff)
        return
    where = {"id": str(owner.person_id)}
    st.page_link("student.py", label="Contacts stand on the student card", query_params=where)


def _family(actor: Actor, owner: Owner) -> None:
    if owner.kind == "guardian":
        card_family.students(actor, owner.person_id)
    else:
        card_family.guardians_and_siblings(actor, owner.person_id)


actor = guard.require(Permission.SEE_ACCOUNTS)
st.page_link("accounts.py", label="User Accounts", icon=":material/arrow_back:")
found = _card(actor)
card, owner = (found, found.owner) if isinstance(found, AccountCard) else (None, found)
noted.card(actor, owner.person_id)
with database.reading() as db:
    time_zone = school.settings(db).time_zone
left, right = st.columns([1, 2], gap="large")
with left, st.container(border=True):
    _identity(actor, owner, card)
with right:
    with st.container():  # what comes and goes above them would else put the tabs back to the first
        feedback.said()
        acts.undo_offer(actor)
    family = {"guardian": ["Students"], "student": ["Guardians"]}.get(owner.kind, [])
    trouble = ["Why can't they sign in?"] if card else []
    titles = ["Account", "Contact", *family, "Timeline", *trouble, *card_rights.offered(actor)]
    tabs = dict(zip(titles, st.tabs(titles), strict=True))
    with tabs["Account"]:
        if card:
            card_account.facts(card, time_zone)
        else:
            card_account.offer_to_create(actor, owner.person_id, asks_type=owner.kind == "staff")
    with tabs["Contact"]:
        _contact(actor, owner, card)
    for title in family:
        with tabs[title]:
            _family(actor, owner)
    with tabs["Timeline"]:
        card_timeline.draw(actor, owner.person_id, time_zone)
    if card:
        with tabs[trouble[0]]:
            card_trouble.draw(actor, card.id, time_zone)
    for title in card_rights.offered(actor):
        with tabs[title]:
            card_rights.draw(actor, owner.person_id, "accounts.py")
