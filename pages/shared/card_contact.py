"""*Contact* of a guardian or a member of staff; students have forms of their own."""

from __future__ import annotations

import streamlit as st

from core import database
from core.delivery import engine
from core.errors import AppError, Sought
from core.permissions import Actor, Permission
from core.rules import person_fields, words
from core.services import people
from core.tables.account_card import Owner
from pages.shared import cells, feedback, student_forms

STATUSES = cells.named(words.PERSON_STATUS)


def draw(actor: Actor, owner: Owner, *, of_staff: bool, has_account: bool) -> None:
    """Names, status, language and contacts, each checked on saving. Staff are changed by administrators only.

    The e-mail of an account has a window of its own, which says first what ends with the old one.
    """
    locked = not actor.may(Permission.MANAGE_ROLES if of_staff else Permission.EDIT_STUDENTS)
    key = f"owner.{owner.person_id}.{owner.seen.isoformat()}"
    names, (left, right) = st.columns(3), st.columns(2)
    offered = [status.value for status in person_fields.STATUSES[owner.kind]]
    typed = {
        "first_name": names[0].text_input("First name", owner.first_name, key=f"{key}.first", disabled=locked),
        "middle_name": names[1].text_input("Middle name", owner.middle_name, key=f"{key}.middle", disabled=locked),
        "last_name": names[2].text_input("Last name", owner.last_name, key=f"{key}.last", disabled=locked),
        "status": left.selectbox(
            "Status",
            offered,
            offered.index(owner.status) if owner.status in offered else 0,
            format_func=STATUSES.__getitem__,
            key=f"{key}.status",
            disabled=locked,
        ),
        "language": right.selectbox(
            "Language",
            list(words.LANGUAGE),
            list(words.LANGUAGE).index(owner.language) if owner.language in words.LANGUAGE else 0,
            format_func=words.LANGUAGE.__getitem__,
            key=f"{key}.language",
            disabled=locked,
        ),
        "mobile": left.text_input("Mobile", owner.mobile, key=f"{key}.mobile", disabled=locked),
        "phone": right.text_input("Phone", owner.phone, key=f"{key}.phone", disabled=locked),
    }
    email = left.text_input("Contact e-mail", owner.contact_email, key=f"{key}.email", disabled=locked or has_account)
    typed["external_email"] = right.text_input(
        "Microsoft 365 address", owner.external_email, key=f"{key}.external", disabled=locked
    )
    if not has_account:
        typed["contact_email"] = email
    if not locked:
        if has_account:
            st.caption("Actions, *Add/Edit e-mail* changes the e-mail: open links to the old one end, and it is told.")
        if st.button("Save", type="primary", key=f"{key}.save"):
            _save(actor, owner, typed)


def _save(actor: Actor, owner: Owner, typed: dict[str, str]) -> None:
    try:
        with database.transaction() as db:
            saved = people.save(db, actor, person_id=owner.person_id, seen=owner.seen, **typed)
    except AppError as refusal:
        feedback.show(refusal, sought=Sought("person", owner.person_id))
        return
    engine.start(*saved.notices)
    feedback.later(student_forms.saved_words(saved))
    st.rerun()
