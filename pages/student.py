"""Student card: who this is, whether an invitation can reach them, and what the school knows of them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.tables import school, student_card
from core.tables.student_card import StudentCard
from pages.shared import cells, feedback, guard, student_forms


def _card(actor: Actor) -> StudentCard:
    """The student of `?id=`, or of the account of `?account=`."""
    number, account = (_number(st.query_params.get(name, "")) for name in ("id", "account"))
    with feedback.refusals_shown(), database.reading() as db:
        if account:
            number = student_card.of_account(db, actor, account_id=account)
        return student_card.read(db, actor, person_id=number)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _account_facts(card: StudentCard, time_zone: str) -> None:
    if card.account is None:
        st.write("No account yet. Tick the student in the Students List and choose *Create user accounts*.")
        return
    facts = cells.account_facts(card.account, time_zone)
    st.table(pd.DataFrame(facts, columns=["Fact", "Value"]), hide_index=True, hide_header=True, border="horizontal")


def _guardians(card: StudentCard) -> None:
    if not card.guardians:
        st.write("No guardian is linked to this student. Guardians come with an import.")
        return
    rows = [(guardian.name, guardian.relation, guardian.email, guardian.mobile) for guardian in card.guardians]
    frame = pd.DataFrame(rows, columns=["Name", "Relation", "Contact e-mail", "Mobile"])
    st.dataframe(frame, hide_index=True, alt="Guardians of the student")


actor = guard.require(Permission.SEE_STUDENTS)
st.page_link("students.py", label="Students List", icon=":material/arrow_back:")
card = _card(actor)
with database.reading() as db:
    time_zone = school.settings(db).time_zone
left, right = st.columns([1, 2], gap="large")
with left, st.container(border=True):
    student_forms.identity(actor, card)
with right:
    feedback.said()
    profile, contact, account, guardians = st.tabs(["Student Profile", "Contact", "Account", "Guardians"])
    with profile:
        student_forms.profile(actor, card)
    with contact:
        student_forms.contact(actor, card)
    with account:
        _account_facts(card, time_zone)
    with guardians:
        _guardians(card)
