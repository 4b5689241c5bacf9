"""Before anything leaves: who will receive it, who will not and why, how it reads."""

from __future__ import annotations

import streamlit as st

from core import database
from core.delivery import engine
from core.permissions import Actor
from core.rules import words
from core.services import campaigns, selections
from core.services.campaigns import Check, Draft
from core.tables.samples import Sample
from pages.shared import feedback

LAUNCHED = "campaign.launched"


def show(actor: Actor, selection_id: int) -> None:
    """The check, and the button that sends what it shows."""
    if launched := st.session_state.pop(LAUNCHED, None):
        st.switch_page("campaigns.py", query_params={"campaign": str(launched)})
    draft = Draft(selection_id=selection_id)
    with database.reading() as db:
        check = campaigns.check(db, actor, draft=draft)
        chosen = selections.size(db, actor, selection_id=selection_id)
    st.title("Send Initial Invitation")
    not_reached = sum(check.skipped.values())
    left, right, third = st.columns(3)
    left.metric("will receive it", f"{check.receive:,}", border=True)
    right.metric("will not", f"{not_reached:,}", border=True)
    third.metric("selected", f"{chosen:,}", border=True)
    _why_not(actor, draft, check)
    _warnings(check)
    if check.samples:
        _samples(check)
    _buttons(actor, draft, check)


def _why_not(actor: Actor, draft: Draft, check: Check) -> None:
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
        with database.reading() as db:
            people = campaigns.left_out(db, actor, draft=draft, refusal=chosen)
        st.dataframe(people, hide_index=True, key=f"check-table-{chosen}")
        if check.skipped[chosen] > len(people):
            st.caption(f"The first {len(people)} of {check.skipped[chosen]:,}.")


def _sentence(text: str) -> str:
    """With a capital at the start; labels inside keep theirs."""
    return text[:1].upper() + text[1:]


def _warnings(check: Check) -> None:
    if check.shared_addresses:
        what = (
            "1 address is shared" if check.shared_addresses == 1 else f"{check.shared_addresses:,} addresses are shared"
        )
        st.info(f"{what} by several people. Each of them gets a message of their own.", icon=":material/group:")
    if check.closed_mailboxes:
        st.warning(
            f"{check.closed_mailboxes:,} would get the message at a Microsoft mailbox that they cannot open yet. "
            "Give them another Contact e-mail first.",
            icon=":material/warning:",
        )
    if check.receive and not check.sends:
        st.warning(
            "No mail server is set, so nothing leaves this machine: the messages are written to the outbox and nobody "
            "counts as invited. Set FIRSTKEY_EMAIL=smtp to send.",
            icon=":material/outbox:",
        )


def _samples(check: Check) -> None:
    with st.container(border=True):
        head, choice = st.columns([1, 2], vertical_alignment="center")
        head.markdown("**How it reads**")
        number = choice.selectbox(
            "Sample",
            range(len(check.samples)),
            format_func=lambda index: _name(check.samples[index]),
            label_visibility="collapsed",
        )
        sample = check.samples[number]
        st.caption("The link of this sample opens nothing.")
        with st.container(height=300, border=False):
            st.text(f"To: {sample.address}\nSubject: {sample.text.subject}\n\n{sample.text.text}")


def _name(sample: Sample) -> str:
    return f"{sample.who} ({words.LANGUAGE.get(sample.language, sample.language)})"


def _buttons(actor: Actor, draft: Draft, check: Check) -> None:
    if not check.receive:
        st.info("Nobody in this selection can receive it. Repair the reasons above, or choose others.")
        st.page_link("accounts.py", label="Back to User Accounts", icon=":material/arrow_back:")
        return
    typed = check.receive
    if check.typed_count_wanted:
        text = st.text_input(f"So many at once? Type {check.receive} to go on.", key="typed_count")
        typed = int(text) if text.strip().isdigit() else 0
    noun = "invitation" if check.receive == 1 else "invitations"
    label = f"Send {check.receive:,} {noun}" if check.sends else f"Write {check.receive:,} {noun} to the outbox"
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel"):
            st.switch_page("accounts.py")
        st.button(
            label,
            type="primary",
            disabled=typed != check.receive,
            icon=":material/send:",
            on_click=_launch,
            args=(actor, draft, check.fingerprint, typed),
        )


def _launch(actor: Actor, draft: Draft, seen: str, typed: int) -> None:
    """Called with what was on screen when the button was drawn, and that is the key.

    A double click, another tab or a colleague with the same check get the one campaign.
    """
    with feedback.refusals_later():
        with database.transaction() as db:
            launched = campaigns.launch(db, actor, draft=draft, seen=seen, idempotency_key=seen, typed_count=typed)
        engine.start(launched.id or 0)
        st.session_state[LAUNCHED] = launched.id
