"""Who will get nothing, and why; each reason opens the list with just these people."""

from __future__ import annotations

import streamlit as st

from core import database
from core.models import Channel
from core.permissions import Actor
from core.rules import words
from core.rules.words import SENT_SINCE
from core.services import drafts
from core.services.campaigns import Check
from core.services.drafts import Draft
from pages.shared import feedback, filter_address

PAGES = {"students": "students.py", "accounts": "accounts.py"}


def draw(actor: Actor, draft: Draft, check: Check, list_name: str) -> None:
    """The reasons with their numbers; one that is chosen shows its people."""
    if not check.skipped:
        return
    with st.container(border=True):
        chosen = st.pills(
            "**Who will not, and why**",
            list(check.skipped),
            format_func=lambda reason: sentence(reason, check.skipped[reason]),
            key="check.refusal",
        )
        if chosen is None:
            st.caption("Choose a reason to see the people.")
            return
        _people(actor, draft, check, chosen)
        _repair(actor, draft, chosen, list_name)


def _people(actor: Actor, draft: Draft, check: Check, chosen: str) -> None:
    with database.reading() as db:
        people = drafts.left_out(db, actor, draft=draft, reason=chosen)
    st.dataframe(people, hide_index=True, key=f"check-table-{chosen}")
    if check.skipped[chosen] > len(people):
        st.caption(f"The first {len(people)} of {check.skipped[chosen]:,}.")


def _repair(actor: Actor, draft: Draft, chosen: str, list_name: str) -> None:
    """The list they were chosen in shows those who are left, as they are repaired."""
    if list_name not in PAGES or chosen == SENT_SINCE:
        open_people(actor, draft, chosen)
        return
    field = "sms_refusals" if draft.channel is Channel.SMS else "email_refusals"
    st.page_link(
        PAGES[list_name],
        label="Open these people in the list",
        icon=":material/build:",
        query_params=filter_address.link({"selected": "True", field: chosen}),
        help="Repair what is missing there, then come back: the selection stays as it is.",
    )


def open_people(actor: Actor, draft: Draft, reason: str) -> None:
    """For what no filter of a list asks: they are noted down for the list when the button is pressed."""
    pressed = st.button(
        "Open these people in the list",
        key=f"check.open.{reason}",
        icon=":material/group_search:",
        help="Exactly these, as they are now. The selection of this message stays as it is.",
    )
    if not pressed:
        return
    with feedback.refusals_shown(), database.transaction() as db:
        name = drafts.open_left_out(db, actor, draft=draft, reason=reason)
    st.switch_page(PAGES[name], query_params=filter_address.link({"of_check": "yes"}))


def sentence(reason: str, number: int) -> str:
    """With a capital at the start; labels inside keep theirs."""
    said = words.GETS_NOTHING.get(reason, reason)
    return f"{said[:1].upper()}{said[1:]}: {number:,}"
