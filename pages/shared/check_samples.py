"""How the messages read, in each language; of a text message also what it costs. And a test to oneself."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import clock, database
from core.delivery import engine
from core.models import Channel
from core.permissions import Actor
from core.rules import words
from core.services import test_messages
from core.services.campaigns import Check
from core.services.drafts import Draft
from core.services.test_messages import Test
from core.tables import school
from core.tables.samples import Sample
from pages.shared import cells, feedback, sms_size


def draw(actor: Actor, draft: Draft, check: Check) -> None:
    """One sample at a time: language first, then the person."""
    with st.container(border=True):
        st.markdown("**How it reads**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            sample = _chosen(check)
            st.space("stretch")
            st.button(
                "Send a test to me",
                icon=":material/forward_to_inbox:",
                help="The same text with your own name. Its link or password opens nothing.",
                on_click=partial(_test, actor, draft, check.sends),
            )
        st.caption("The link or password of this sample opens nothing.")
        head = f"Subject: {sample.subject}\n\n" if sample.subject else "\n"
        st.text(f"To: {sample.address}\n{head}{sample.text}")
        if draft.channel is Channel.SMS:
            st.caption(sms_size.words(sample.text))


def _chosen(check: Check) -> Sample:
    languages = sorted({sample.language for sample in check.samples})
    language = languages[0]
    if len(languages) > 1:
        language = (
            st.segmented_control(
                "Language",
                languages,
                default=languages[0],
                format_func=lambda code: words.LANGUAGE.get(code, code),
                key="check.language",
            )
            or languages[0]
        )
    mine = [sample for sample in check.samples if sample.language == language]
    place = st.selectbox("Sample", range(len(mine)), format_func=lambda index: mine[index].who, width=320)
    return mine[place]


def _test(actor: Actor, draft: Draft, sends: bool) -> None:
    with feedback.refusals_later():
        with database.transaction() as db:
            sent = test_messages.send(db, actor, kind=draft.kind, channel=draft.channel)
        engine.start(sent.campaign_id)
        feedback.later(_said(sent, sends))


def _said(sent: Test, sends: bool) -> str:
    if sent.is_held:
        return f"All sending is held. The test to {sent.address} leaves when an administrator says Go."
    if not sends:
        return f"A test for {sent.address} is written to the outbox. Nothing leaves this machine."
    if sent.opens_at <= clock.now():
        return f"A test is on its way to {sent.address}."
    with database.reading() as db:
        zone = school.settings(db).time_zone
    opens = cells.moment_words(sent.opens_at, zone)
    return f"Text messages do not leave at this hour. The test to {sent.address} leaves from {opens} on."
