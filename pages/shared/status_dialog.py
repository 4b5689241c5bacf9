"""*Change the status*: the window for somebody whose status keeps them from being invited."""

from __future__ import annotations

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import person_fields, words
from core.services import people
from core.tables import account_card
from pages.shared import cells, feedback, guarded

CHANGE_STATUS = "Change the status"
_STATUSES = cells.named(words.PERSON_STATUS)


@guarded.dialog(Permission.EDIT_STUDENTS, CHANGE_STATUS)
def change(actor: Actor, account_id: int) -> None:
    """Choose another one and store it, if nobody else changed the person meanwhile."""
    with feedback.refusals_shown(), database.reading() as db:
        owner = account_card.read(db, actor, account_id=account_id).owner
    st.text(f"{owner.first_name} {owner.last_name}: {_STATUSES.get(owner.status, owner.status)}")
    offered = [status.value for status in person_fields.STATUSES[owner.kind]]
    key = f"status.{account_id}.{owner.seen.isoformat()}"
    now = offered.index(owner.status) if owner.status in offered else 0
    chosen = st.selectbox("Status", offered, now, format_func=_STATUSES.__getitem__, key=key)
    counting = "Registered" if owner.kind == "student" else "Active"
    st.caption(f"Only who is {counting} is invited. Nobody gets a message by this.")
    if st.button("Save status", type="primary", disabled=chosen == owner.status):
        with feedback.refusals_shown(), database.transaction() as db:
            people.save(db, actor, person_id=owner.person_id, seen=owner.seen, status=chosen)
        feedback.later(f"The status is {_STATUSES[chosen]} now.")
        st.rerun()
