"""The two tabs of the student card that can be saved, each with the line that follows what is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import database
from core.delivery import engine
from core.errors import AppError, Sought
from core.permissions import Actor, Permission
from core.rules import words
from core.services import students
from core.services.students import Saved
from core.tables.student_card import StudentCard
from pages.shared import card_identity, cells, class_options, feedback, guarded

INVITABLE = "Can be invited by e-mail"
STATUSES, LANGUAGES = cells.named(words.PERSON_STATUS), dict(words.LANGUAGE)


@guarded.fragment(Permission.SEE_STUDENTS)
def profile(actor: Actor, card: StudentCard) -> None:
    """*Student Profile*. A fragment: typing reruns the tab, not the page."""
    locked = not actor.may(Permission.EDIT_STUDENTS)
    key = f"profile.{card.id}.{card.seen.isoformat()}"
    first, last = st.columns(2)
    typed: dict[str, Any] = {
        "first_name": first.text_input("First name", card.first_name, key=f"{key}.first", disabled=locked),
        "last_name": last.text_input("Last name", card.last_name, key=f"{key}.last", disabled=locked),
        "middle_name": first.text_input("Middle name", card.middle_name, key=f"{key}.middle", disabled=locked),
        "source_id": last.text_input("Student code", card.source_id, key=f"{key}.code", disabled=locked),
        "section_id": _class(first, actor, card, f"{key}.class", locked),
        "grade": last.text_input("Grade", card.grade, key=f"{key}.grade", disabled=locked),
        "programme": first.text_input("Programme", card.programme, key=f"{key}.programme", disabled=locked),
        "status": last.selectbox(
            "Status",
            list(STATUSES),
            list(STATUSES).index(card.status),
            format_func=STATUSES.__getitem__,
            key=f"{key}.status",
            disabled=locked,
        ),
        "language": first.selectbox(
            "Language",
            list(LANGUAGES),
            list(LANGUAGES).index(card.language) if card.language in LANGUAGES else 0,
            format_func=LANGUAGES.__getitem__,
            key=f"{key}.language",
            disabled=locked,
        ),
        "personal_email": last.text_input(
            "Personal e-mail", card.personal_email, key=f"{key}.email", disabled=locked, live=not locked
        ),
        "use_personal_email": st.toggle(
            "Use Personal E-mail",
            card.use_personal_email,
            key=f"{key}.use",
            disabled=locked,
            help="Without Microsoft 365, invitations by e-mail go to the personal e-mail, and only while this is on.",
        ),
    }
    asked = {name: typed[name] for name in ("personal_email", "use_personal_email")}
    card_identity.verdict(INVITABLE, card.verdict(**({} if locked else asked)), masks=locked)
    _save_button(
        actor, card, key, lambda db: students.save_profile(db, actor, person_id=card.id, seen=card.seen, **typed)
    )


@guarded.fragment(Permission.SEE_STUDENTS)
def contact(actor: Actor, card: StudentCard) -> None:
    """*Contact*. With Microsoft 365 the invitation goes to the *Contact e-mail*."""
    locked = not actor.may(Permission.EDIT_STUDENTS)
    key = f"contact.{card.id}.{card.seen.isoformat()}"
    email = st.text_input(
        "Contact e-mail",
        card.contact_email,
        key=f"{key}.email",
        disabled=locked,
        live=not locked,
        help="With Microsoft 365 the invitation goes here: an address that somebody can open today.",
    )
    left, right = st.columns(2)
    mobile = left.text_input("Mobile", card.mobile, key=f"{key}.mobile", disabled=locked)
    phone = right.text_input("Phone", card.phone, key=f"{key}.phone", disabled=locked)
    external = st.text_input("Microsoft 365 address", card.external_email, key=f"{key}.external", disabled=locked)
    if not locked and card.closed_mailbox(email):
        st.warning("This is the new Microsoft 365 address itself. Nobody can open that mailbox before signing in.")
    verdict = card.verdict(**({} if locked else {"contact_email": email}))
    card_identity.verdict(INVITABLE, verdict, masks=locked)
    typed = {"contact_email": email, "mobile": mobile, "phone": phone, "external_email": external}
    _save_button(
        actor, card, key, lambda db: students.save_contact(db, actor, person_id=card.id, seen=card.seen, **typed)
    )


def _class(place: Any, actor: Actor, card: StudentCard, key: str, locked: bool) -> int | None:
    """One of the classes of this year; a class of another year stays until another is chosen."""
    asked = (card.section_id,) if card.section_id else ()
    classes = {None: "Without class", **class_options.of(actor, asked=asked)}
    chosen: int | None = place.selectbox(
        "Class",
        list(classes),
        list(classes).index(card.section_id) if card.section_id in classes else 0,
        format_func=classes.__getitem__,
        key=key,
        disabled=locked,
    )
    return chosen


def _save_button(actor: Actor, card: StudentCard, key: str, save: Callable[[Any], Saved]) -> None:
    if not actor.may(Permission.EDIT_STUDENTS) or not st.button("Save", type="primary", key=f"{key}.save"):
        return
    try:
        with database.transaction() as db:
            saved = save(db)
    except AppError as refusal:
        feedback.show(refusal, sought=Sought("person", card.id))
        return
    engine.start(*saved.notices)
    feedback.later(saved_words(saved))
    st.rerun()


def saved_words(saved: Saved) -> str:
    """What was saved, and what followed from it."""
    if not saved.fields:
        return "Nothing was changed."
    fields = ", ".join(name.replace("_", " ") for name in saved.fields)
    ended = f" Open invitations to the old address that ended: {saved.invitations_ended}."
    told = " Messages about the change are on their way." if saved.notices else ""
    return f"Saved: {fields}.{ended if saved.invitations_ended else ''}{told}"
