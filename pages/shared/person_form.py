"""What is known of a person as a form: every field with its own word when it cannot be stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st
from sqlmodel import Session

from core import database
from core.delivery import engine
from core.errors import AppError, Conflict, Sought
from core.models import PersonKind
from core.permissions import Actor, Permission
from core.rules import person_fields, words
from core.services import people
from core.tables import codes, options, school
from pages.shared import feedback, guarded

OFFERED = {"student": ("registered", "applicant", "inactive", "left"), "guardian": (), "staff": ()}


def fields(actor: Actor, kind: str, key: str, *, checked: bool) -> dict[str, Any]:
    """The fields of a new person as typed. `checked`: empty fields that are needed are marked too."""
    with database.reading() as db:
        own, sections = school.settings(db), options.sections(db, actor)
        if f"{key}.source_id" not in st.session_state:
            st.session_state[f"{key}.source_id"] = codes.free(db, kind=kind)
    marks = Marks(kind, key, own.default_region, checked)
    first, last = st.columns(2)
    typed: dict[str, Any] = {"first_name": marks.text(first, "first_name", "First name")}
    typed["last_name"] = marks.text(last, "last_name", "Last name")
    typed["middle_name"] = marks.text(first, "middle_name", "Middle name (if any)")
    typed["source_id"] = marks.text(last, "source_id", "Code", help="Stays the same; imports know the person by it.")
    statuses = OFFERED[kind] or tuple(status.value for status in person_fields.STATUSES[kind])
    said = {status.value: word for status, word in words.PERSON_STATUS.items()}
    typed["status"] = first.selectbox("Status", statuses, format_func=said.__getitem__, key=f"{key}.status")
    typed["language"] = last.selectbox(
        "Language", list(words.LANGUAGE), format_func=words.LANGUAGE.__getitem__, key=f"{key}.language"
    )
    typed |= _places(kind, key, sections)
    st.subheader("Contact")
    typed |= _contacts(marks, kind, key, microsoft=own.microsoft)
    return typed


def _places(kind: str, key: str, sections: dict[int, str]) -> dict[str, Any]:
    if kind == PersonKind.GUARDIAN:
        return {}
    if kind == PersonKind.STAFF:
        taught = st.multiselect(
            "Classes taught", list(sections), format_func=sections.__getitem__, key=f"{key}.teaches"
        )
        return {"teaches": tuple(taught)}
    first, last = st.columns(2)
    chosen = first.selectbox(
        "Class",
        [None, *sections],
        format_func=lambda section: sections[section] if section else "No class yet",
        key=f"{key}.section_id",
    )
    return {"section_id": chosen, "grade": last.text_input("Grade", key=f"{key}.grade")}


def _contacts(marks: Marks, kind: str, key: str, *, microsoft: bool) -> dict[str, Any]:
    first, last = st.columns(2)
    typed: dict[str, Any] = {}
    if kind == PersonKind.STUDENT:
        typed["personal_email"] = marks.text(first, "personal_email", "Personal e-mail")
        typed["contact_email"] = marks.text(last, "contact_email", "Contact e-mail")
        typed["use_personal_email"] = st.toggle(
            "Use Personal E-mail",
            key=f"{key}.use_personal_email",
            help="Without Microsoft 365, invitations by e-mail go to the personal e-mail, and only while this is on.",
        )
    else:
        typed["contact_email"] = marks.text(first, "contact_email", "Contact e-mail")
    first, last = st.columns(2)
    typed["mobile"] = marks.text(first, "mobile", "Mobile")
    typed["phone"] = marks.text(last, "phone", "Phone")
    if microsoft and kind != PersonKind.GUARDIAN:
        typed["external_email"] = marks.text(st, "external_email", "Microsoft 365 address")
    return typed


class Marks:
    """Draws a field with what is wrong with it beneath: once something is typed, or when all was to be saved."""

    def __init__(self, kind: str, key: str, region: str, checked: bool) -> None:
        self.kind, self.key, self.region, self.checked = kind, key, region, checked

    def text(self, place: Any, field: str, label: str, **more: Any) -> str:
        typed = str(place.text_input(label, key=f"{self.key}.{field}", **more))
        if typed or self.checked:
            problem = person_fields.problems(self.kind, {field: typed}, region=self.region).get(field)
            if problem:
                place.caption(f":red[:material/error: {feedback.plain(f'{problem} {problem.hint}')}]")
        return typed


@dataclass(frozen=True)
class _Drawn:
    """What the window of *Add/Edit e-mail* was drawn from."""

    name: str
    field: str
    email: str
    seen: datetime
    signed_in: bool


@guarded.dialog(Permission.MANAGE_ACCOUNTS, "Add/Edit e-mail")
def change_email(actor: Actor, account_id: int) -> None:
    """The address to which the account's messages go; says before saving what follows."""
    with feedback.refusals_shown(), database.reading() as db:
        drawn = _drawn(db, actor, account_id)
    st.text(drawn.name)
    label = "Personal e-mail" if drawn.field == "personal_email" else "Contact e-mail"
    email = st.text_input(label, drawn.email, key=_key(account_id, drawn))
    st.caption(
        "What was handed out before ends: links, initial passwords, open sessions. The old address is told that it was "
        "changed. Whoever has chosen a password already is asked by e-mail whether the new one is theirs."
    )
    if not st.button("Save e-mail", type="primary"):
        return
    try:
        with database.transaction() as db:
            saved = people.change_email(db, actor, account_id=account_id, seen=drawn.seen, email=email)
    except AppError as refusal:
        feedback.show(refusal, sought=Sought("account", account_id))
        if isinstance(refusal, Conflict):
            del st.session_state[f"change_email.{account_id}"]  # opened again, it shows what is there now
        return
    engine.start(*saved.notices)
    feedback.later(_said(saved, signed_in=drawn.signed_in))
    st.rerun()


def _drawn(db: Session, actor: Actor, account_id: int) -> _Drawn:
    """While something is typed nothing is read anew: what is saved is based on what was seen."""
    name = f"change_email.{account_id}"
    held: _Drawn | None = st.session_state.get(name)
    if held and st.session_state.get(_key(account_id, held), held.email) != held.email:
        return held
    account, person = people.of_account(db, actor, account_id=account_id)
    field = people.email_field(db, account.user_type)
    signed_in = account.first_sign_in_at is not None
    known = f"{person.first_name} {person.last_name}"
    st.session_state[name] = _Drawn(known, field, getattr(person, field), person.updated_at, signed_in)
    return st.session_state[name]  # type: ignore[no-any-return]


def _key(account_id: int, drawn: _Drawn) -> str:
    return f"change_email.{account_id}.{drawn.seen.isoformat()}"


def _said(saved: people.Saved, *, signed_in: bool) -> str:
    if not saved.fields:
        return "Nothing was changed."
    told = " Messages about the change are on their way." if saved.notices else ""
    ended = f" Open links that ended: {saved.invitations_ended}." if saved.invitations_ended else ""
    following = "" if signed_in else " Next: send the initial invitation to the new address."
    return f"The e-mail was saved.{ended}{told}{following}"
