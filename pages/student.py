"""Student card: who this is, whether an invitation can reach them, and all that is known of them."""

from __future__ import annotations

import streamlit as st

from core import database
from core.errors import Sought
from core.permissions import Actor, Permission
from core.rules import words
from core.tables import account_card, school, student_card
from core.tables.account_card import AccountCard
from core.tables.student_card import StudentCard
from pages.shared import (
    acts,
    card_account,
    card_family,
    card_identity,
    card_rights,
    card_timeline,
    card_trouble,
    cells,
    feedback,
    guard,
    noted,
    student_forms,
)


def _card(actor: Actor) -> tuple[StudentCard, AccountCard | None]:
    """The student of `?id=`, with the account as far as there is one and the role may see it."""
    text = st.query_params.get("id", "")
    person_id = int(text) if text.isdecimal() and len(text) < 10 else 0
    with feedback.refusals_shown(sought=Sought("person", person_id)), database.reading() as db:
        student = student_card.read(db, actor, person_id=person_id)
        if student.account is None or not actor.may(Permission.SEE_ACCOUNTS):
            return student, None
        return student, account_card.read(db, actor, account_id=student.account.id)


def _identity(actor: Actor, card: StudentCard, account: AccountCard | None) -> None:
    facts = {
        "Code": card.source_id,
        "Class": card.section,
        "Grade": card.grade,
        "Status": words.PERSON_STATUS[words.PersonStatus(card.status)],
        "Programme": card.programme,
        "Classes": ", ".join(card.classes),
        "Registered": cells.moment_words(card.created_at, time_zone),
        "Changed": cells.moment_words(card.updated_at, time_zone),
    }
    name = " ".join(filter(None, (card.first_name, card.middle_name, card.last_name)))
    card_identity.draw(name, facts, card.state)
    masks = not actor.may(Permission.SEE_CONTACTS)
    card_identity.verdict(student_forms.INVITABLE, card.verdict(), masks=masks)
    if account is not None:
        card_identity.verdict("Can get an SMS", account.by_sms, masks=masks)
        card_account.menu(actor, account.id)


def _account(actor: Actor, card: StudentCard, account: AccountCard | None) -> None:
    if account is not None:
        card_account.facts(account, time_zone)
    elif card.account is None:
        card_account.offer_to_create(actor, card.id)
    else:
        st.write("There is an account. Your role shows no more of it.")


actor = guard.require(Permission.SEE_STUDENTS)
st.page_link("students.py", label="Students List", icon=":material/arrow_back:")
card, account = _card(actor)
noted.card(actor, card.id)
with database.reading() as db:
    time_zone = school.settings(db).time_zone
left, right = st.columns([1, 2], gap="large")
with left, st.container(border=True):
    _identity(actor, card, account)
with right:
    with st.container():  # what comes and goes above them would else put the tabs back to the first
        feedback.said()
        acts.undo_offer(actor)
    trouble = ["Why can't they sign in?"] if account is not None else []
    names = ["Student Profile", "Contact", "Account", "Guardians", "Timeline", *trouble, *card_rights.offered(actor)]
    tabs = dict(zip(names, st.tabs(names), strict=True))
    with tabs["Student Profile"]:
        student_forms.profile(actor, card)
    with tabs["Contact"]:
        student_forms.contact(actor, card)
    with tabs["Account"]:
        _account(actor, card, account)
    with tabs["Guardians"]:
        card_family.guardians_and_siblings(actor, card.id)
    with tabs["Timeline"]:
        card_timeline.draw(actor, card.id, time_zone)
    if account is not None:
        with tabs[trouble[0]]:
            card_trouble.draw(actor, account.id, time_zone)
    for title in card_rights.offered(actor):
        with tabs[title]:
            card_rights.draw(actor, card.id, "students.py")
