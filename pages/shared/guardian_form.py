"""Guardians of a student, students of a guardian: found by a search and linked, or registered in the same go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from core import database
from core.models import Guardianship, Person, PersonKind
from core.permissions import Actor, Permission
from core.services import guardianships
from core.services.guardianships import Terms
from core.services.people import Tie
from core.tables import codes, found_people, school
from core.tables.found_people import Found
from pages.shared import drawn, feedback, guarded, person_form

RELATIONS = ("", "Mother", "Father", "Grandparent", "Guardian", "Step-parent", "Foster parent")
OTHER = {PersonKind.STUDENT: PersonKind.GUARDIAN, PersonKind.GUARDIAN: PersonKind.STUDENT}


def ties(actor: Actor, kind: str, key: str, *, checked: bool) -> tuple[Tie, ...]:
    """What is chosen on the form of a new student or guardian. `checked`: as in `person_form.fields`."""
    other = OTHER[PersonKind(kind)]
    st.subheader("Guardians" if other == PersonKind.GUARDIAN else "Students")
    chosen: dict[int, str] = st.session_state.setdefault(f"{key}.chosen", {})
    _choose(actor, other, key, chosen)
    made = []
    for place, (person_id, said) in enumerate(list(chosen.items())):
        with st.container(border=True):
            name, remove = st.columns([5, 1], vertical_alignment="center")
            name.text(said)
            remove.button(
                "Remove", key=f"{key}.remove.{person_id}", on_click=chosen.pop, args=(person_id,), type="tertiary"
            )
            made.append(Tie(person_id, None, **_relation(f"{key}.{person_id}", place + 1)))
    if other == PersonKind.GUARDIAN and st.toggle("Register a new guardian too", key=f"{key}.new"):
        with st.container(border=True):
            made.append(_new_guardian(f"{key}.newcomer", len(made) + 1, checked=checked))
    return tuple(made)


def _choose(actor: Actor, kind: str, key: str, chosen: dict[int, str]) -> None:
    noun = "guardian" if kind == PersonKind.GUARDIAN else "student"
    text = st.text_input(
        f"Find a {noun} who is registered already",
        key=f"{key}.find",
        placeholder="Name, code, e-mail or phone",
        live=True,
    )
    with database.reading() as db:
        found = found_people.look(db, actor, kind=kind, text=text)
    offered = [person for person in found if person.id not in chosen]
    if text.strip() and not found:
        st.caption(f"No {noun} is found. Two letters are needed; try another part of the name.")
    for person in offered[:5]:
        press, name = st.columns([1, 9], vertical_alignment="center")
        press.button("Link", key=f"{key}.link.{person.id}", on_click=_take, args=(key, chosen, person))
        name.text(said(person))


def _take(key: str, chosen: dict[int, str], person: Found) -> None:
    chosen[person.id] = said(person)
    st.session_state[f"{key}.find"] = ""


def said(person: Found) -> str:
    """What tells a person apart from others of the name."""
    return " · ".join(filter(None, (person.name, person.source_id, person.also, person.email)))


def _relation(key: str, place: int) -> dict[str, Any]:
    return asdict(_terms(key, Terms(priority=min(place, 9))))


def _terms(key: str, now: Terms) -> Terms:
    """How a guardian answers for a student, as chosen; first as it is `now`."""
    known = list(dict.fromkeys((*RELATIONS, now.relation)))
    relation, order, email, sms = st.columns([3, 2, 2, 2], vertical_alignment="bottom")
    chosen = relation.selectbox(
        "Relation", known, known.index(now.relation), accept_new_options=True, key=f"{key}.relation"
    )
    return Terms(
        chosen or "",
        int(order.number_input("Order", 1, 9, now.priority, key=f"{key}.priority", help="1 is asked first.")),
        email.checkbox("May get e-mail", value=now.may_email, key=f"{key}.may_email"),
        sms.checkbox("May get SMS", value=now.may_sms, key=f"{key}.may_sms"),
    )


def _new_guardian(key: str, place: int, *, checked: bool) -> Tie:
    with database.reading() as db:
        region = school.settings(db).default_region
        if f"{key}.source_id" not in st.session_state:
            st.session_state[f"{key}.source_id"] = codes.free(db, kind=PersonKind.GUARDIAN)
    marks = person_form.Marks(PersonKind.GUARDIAN, key, region, checked)
    first, last = st.columns(2)
    fields = {
        "first_name": marks.text(first, "first_name", "Guardian's first name"),
        "last_name": marks.text(last, "last_name", "Guardian's last name"),
        "contact_email": marks.text(first, "contact_email", "Guardian's contact e-mail"),
        "mobile": marks.text(last, "mobile", "Guardian's mobile"),
        "source_id": marks.text(first, "source_id", "Guardian's code"),
        "status": "active",
    }
    return Tie(None, fields, **_relation(key, place))


@guarded.dialog(Permission.EDIT_STUDENTS, "Link a guardian", width="large")
def link(actor: Actor, student_id: int) -> None:
    """Find a guardian and say how they belong to the student."""
    key = f"link.{student_id}"
    text = st.text_input("Find the guardian", key=f"{key}.find", placeholder="Name, code, e-mail or phone", live=True)
    with feedback.refusals_shown(), database.reading() as db:
        found = found_people.look(db, actor, kind=PersonKind.GUARDIAN, text=text)
    chosen = st.radio("Guardian", found, format_func=_plain, key=f"{key}.who") if found else None
    if text.strip() and not found:
        st.caption(
            "No guardian is found. Two letters are needed; try another part of the name. Somebody new is registered "
            "first: User Accounts, New guardian."
        )
    values = _relation(key, 1)
    if st.button("Link guardian", type="primary", disabled=chosen is None) and chosen is not None:
        with feedback.refusals_shown(), database.transaction() as db:
            guardianships.link(db, actor, student_id=student_id, guardian_id=chosen.id, **values)
        feedback.later("The guardian is linked.")
        st.rerun()


@guarded.dialog(Permission.EDIT_STUDENTS, "Change this guardianship", width="large")
def change(actor: Actor, guardianship_id: int) -> None:
    """Relation, order, and by what the guardian may be written to for this student."""
    with feedback.refusals_shown(), database.reading() as db:
        now = guardianships.terms(db, actor, guardianship_id=guardianship_id)
    guardian, student = _names(guardianship_id)
    st.text(f"How {guardian} answers for {student}.")
    seen: Terms = drawn.before("guardianship.seen", guardianship_id, now)
    wanted = _terms(f"change.{guardianship_id}", now)
    if st.button("Save", type="primary"):
        with feedback.refusals_shown(), database.transaction() as db:
            changed = guardianships.change(db, actor, guardianship_id=guardianship_id, seen=seen, wanted=wanted)
        feedback.later("The guardianship is changed." if changed else "Nothing was changed.")
        st.rerun()


@guarded.dialog(Permission.EDIT_STUDENTS, "End this guardianship?")
def end(actor: Actor, guardianship_id: int) -> None:
    """Say what ends, and end it."""
    guardian, student = _names(guardianship_id)
    st.text(f"From now on {guardian} does not answer for {student}. It stays on record and can begin anew.")
    if st.button("End guardianship", type="primary"):
        with feedback.refusals_shown(), database.transaction() as db:
            guardianships.end(db, actor, guardianship_id=guardianship_id)
        feedback.later("The guardianship has ended.")
        st.rerun()


def _names(guardianship_id: int) -> tuple[str, str]:
    """Of the guardian and of the student."""
    with database.reading() as db:
        known = db.get_one(Guardianship, guardianship_id)
        guardian, student = db.get_one(Person, known.guardian_id), db.get_one(Person, known.student_id)
    return f"{guardian.first_name} {guardian.last_name}", f"{student.first_name} {student.last_name}"


def _plain(person: Found) -> str:
    return feedback.plain(said(person))


def new_people(made: Sequence[Tie]) -> list[dict[str, Any]]:
    """The guardians who would be registered in the same go."""
    return [dict(tie.new) for tie in made if tie.new is not None]
