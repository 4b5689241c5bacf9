"""Who will get nothing, and why; each reason opens the list with just these people."""

from __future__ import annotations

import streamlit as st

from core import database
from core.models import Channel
from core.permissions import Actor
from core.rules import words
from core.rules.reachability import Refusal
from core.services import campaigns
from core.services.campaigns import Check, Draft
from pages.shared import filter_address

PAGES = {"students": "students.py", "accounts": "accounts.py"}


def draw(actor: Actor, draft: Draft, check: Check, list_name: str) -> None:
    """The reasons with their numbers; one that is chosen shows its people."""
    if not check.skipped:
        return
    with st.container(border=True):
        chosen = st.pills(
            "**Who will not, and why**",
            list(check.skipped),
            format_func=lambda refusal: f"{_sentence(words.REFUSAL[refusal])}: {check.skipped[refusal]:,}",
            key="check.refusal",
        )
        if chosen is None:
            st.caption("Choose a reason to see the people.")
            return
        _people(actor, draft, check, chosen)
        _repair(draft, chosen, list_name)


def _people(actor: Actor, draft: Draft, check: Check, chosen: Refusal) -> None:
    with database.reading() as db:
        people = campaigns.left_out(db, actor, draft=draft, refusal=chosen)
    st.dataframe(people, hide_index=True, key=f"check-table-{chosen}")
    if check.skipped[chosen] > len(people):
        st.caption(f"The first {len(people)} of {check.skipped[chosen]:,}.")


def _repair(draft: Draft, chosen: Refusal, list_name: str) -> None:
    field = "sms_refusals" if draft.channel is Channel.SMS else "email_refusals"
    if list_name not in PAGES:
        _repair_all(field, chosen)
        return
    st.page_link(
        PAGES[list_name],
        label="Open these people in the list",
        icon=":material/build:",
        query_params=filter_address.link({"selected": "True", field: chosen.value}),
        help="Repair what is missing there, then come back: the selection stays as it is.",
    )


def _repair_all(field: str, chosen: Refusal) -> None:
    """No list shows a selection that stands beside the lists, say the failed of a campaign: so all with this reason."""
    st.page_link(
        PAGES["students" if chosen is Refusal.NO_ACCOUNT else "accounts"],
        label="Open everybody with this reason in the list",
        icon=":material/build:",
        query_params=filter_address.link({field: chosen.value}),
        help="These people are among them. Repair what is missing there, then come back.",
    )


def _sentence(text: str) -> str:
    """With a capital at the start; labels inside keep theirs."""
    return text[:1].upper() + text[1:]
