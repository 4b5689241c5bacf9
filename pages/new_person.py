"""New student, new guardian, new staff member: one calm form, then the account and the invitation."""

from __future__ import annotations

import secrets
from typing import Any

import streamlit as st

from core import database
from core.errors import AppError
from core.models import PersonKind
from core.permissions import Actor, Permission
from core.rules import contact_data, words
from core.services import people
from core.services.people import Tie
from core.tables import duplicates, school
from core.tables.duplicates import Alike
from pages.shared import acts, feedback, guard, guardian_form, next_steps, person_form

TITLES = {"student": "New student", "guardian": "New guardian", "staff": "New staff member"}


def _alike(actor: Actor, kind: str, typed: dict[str, Any], made: tuple[Tie, ...]) -> list[Alike]:
    """Whoever looks like the new person, or like a guardian registered with them."""
    with database.reading() as db:
        region = school.settings(db).default_region
        found: list[Alike] = []
        newcomers = [(kind, typed)] + [(str(PersonKind.GUARDIAN), fields) for fields in guardian_form.new_people(made)]
        for which, fields in newcomers:
            mobile, known = contact_data.read_mobile(fields.get("mobile", ""), region)
            found += duplicates.find(
                db,
                actor,
                kind=which,
                first_name=fields["first_name"],
                last_name=fields["last_name"],
                emails=[fields.get(name, "") for name in ("personal_email", "contact_email")],
                mobile=mobile if known else "",
            )
    return found


def _warn(actor: Actor, found: list[Alike]) -> None:
    with st.container(border=True):
        st.warning("Somebody like this is registered already. Look first: two cards of one person are hard to mend.")
        for alike in found:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(guardian_form.said(alike.found))
                st.caption(", ".join(words.LIKENESS[likeness] for likeness in alike.likeness))
                next_steps.open_card(actor, alike.found.kind, alike.found.id, label="Open card")


def _store(actor: Actor, kind: str, key: str, typed: dict[str, Any], made: tuple[Tie, ...]) -> None:
    try:
        with database.transaction() as db:
            person_id = people.create(db, actor, kind=kind, ties=made, **typed)
    except AppError as refusal:
        feedback.show(refusal)
        return
    for name in [name for name in st.session_state if str(name).startswith(key)]:
        del st.session_state[name]
    st.session_state.pop(f"new_person.{kind}", None)
    st.query_params.update(kind=kind, made=str(person_id))
    st.rerun()


def _form(actor: Actor, kind: str) -> None:
    key = st.session_state.setdefault(f"new_person.{kind}", f"new.{kind}.{secrets.token_hex(4)}")
    asked = bool(st.session_state.get(f"{key}.asked"))
    pressed = bool(st.session_state.pop(f"{key}.pressed", False))
    typed = person_form.fields(actor, kind, key, checked=asked)
    made = guardian_form.ties(actor, kind, key, checked=asked) if kind != PersonKind.STAFF else ()
    st.divider()
    found = _alike(actor, kind, typed, made) if asked else []
    if found:
        _warn(actor, found)
        if st.button("It is somebody else: save", type="primary", key=f"{key}.sure"):
            _store(actor, kind, key, typed, made)
    else:
        label = f"Save {TITLES[kind].lower()}"
        st.button(label, type="primary", key=f"{key}.save", on_click=_press, args=(key,))
        if pressed:
            _store(actor, kind, key, typed, made)


def _press(key: str) -> None:
    """Before the form is drawn, so that fields left empty are marked in the same run."""
    st.session_state[f"{key}.asked"] = st.session_state[f"{key}.pressed"] = True


actor = guard.require(Permission.EDIT_STUDENTS)
wanted = st.query_params.get("kind", "student")
kind = wanted if wanted in TITLES else "student"
with st.container(width=760):
    came_from = ("students.py", "Students List") if kind == PersonKind.STUDENT else ("accounts.py", "User Accounts")
    st.page_link(came_from[0], label=came_from[1], icon=":material/arrow_back:")
    st.title(TITLES[kind])
    if kind == PersonKind.STAFF:
        st.caption("Partners, employers, alumni and agents too: say which they are when you create the account.")
    feedback.said()
    acts.undo_offer(actor)
    made = st.query_params.get("made", "")
    if made.isdecimal() and len(made) < 10:
        next_steps.after(actor, kind, int(made))
    else:
        _form(actor, kind)
