"""*Classes taught* of a member of staff."""

from __future__ import annotations

import streamlit as st

from core import database
from core.errors import AppError, Sought
from core.permissions import Actor, Permission
from core.services import classes_taught
from core.tables import options
from core.tables.account_card import Owner
from pages.shared import feedback


def draw(actor: Actor, owner: Owner, *, of_staff: bool) -> None:
    """The classes of this year, for whoever may change the person."""
    if not actor.may(Permission.MANAGE_ROLES if of_staff else Permission.EDIT_STUDENTS):
        return
    key = f"owner.{owner.person_id}.{owner.seen.isoformat()}.teaches"
    with database.reading() as db:
        offered = options.sections(db, actor)
    st.subheader("Classes taught")
    chosen = st.multiselect(
        "Classes taught",
        list(offered),
        [section for section in owner.teaches if section in offered],
        format_func=offered.__getitem__,
        key=key,
        label_visibility="collapsed",
    )
    st.caption("This changes no role: *Manage Roles/Periods* on the menu *Actions* says whom they may see.")
    if st.button("Save classes", key=f"{key}.save"):
        _save(actor, owner, chosen)


def _save(actor: Actor, owner: Owner, chosen: list[int]) -> None:
    try:
        with database.transaction() as db:
            number = classes_taught.save(db, actor, person_id=owner.person_id, seen=owner.seen, section_ids=chosen)
    except AppError as refusal:
        feedback.show(refusal, sought=Sought("person", owner.person_id))
        return
    feedback.later("The classes taught are saved." if number else "Nothing was changed.")
    st.rerun()
