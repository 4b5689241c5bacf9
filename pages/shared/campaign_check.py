"""Before anything leaves: who will receive it, who will not and why, how it reads, what it costs, when it goes."""

from __future__ import annotations

import streamlit as st

from core import database
from core.models import CampaignKind, Channel
from core.permissions import Actor
from core.services import campaigns
from core.services.campaigns import Check
from core.services.drafts import Draft
from core.tables import selection_rows
from pages.shared import check_launch, check_notes, check_samples, check_skipped

TITLES = {Channel.EMAIL: "Send Initial Invitation", Channel.SMS: "SMS Initial User Credentials"}
KINDS = {Channel.EMAIL: CampaignKind.INITIAL_INVITATION, Channel.SMS: CampaignKind.INITIAL_CREDENTIALS}


def show(actor: Actor, selection_id: int, channel: Channel, retry_of: int | None = None) -> None:
    """The check, and the button that sends what it shows. `retry_of`: the campaign that failed to reach them."""
    check_launch.go_on_when_launched()
    draft, starts_at = _draft(selection_id, channel, retry_of), check_launch.planned()
    with database.reading() as db:
        check = campaigns.check(db, actor, draft=draft, starts_at=starts_at)
        chosen = selection_rows.size(db, actor, selection_id=selection_id)
        list_name = selection_rows.list_of(db, actor, selection_id=selection_id)
    st.title(TITLES[channel])
    _numbers(check, chosen)
    check_skipped.draw(actor, draft, check, list_name)
    check_notes.draw(actor, draft, check)
    if check.samples:
        check_samples.draw(actor, draft, check)
    check_launch.draw(actor, draft, check, list_name)


def _draft(selection_id: int, channel: Channel, retry_of: int | None) -> Draft:
    """The choices of this page are widgets drawn further down: their answers stand in the session."""
    return Draft(
        kind=KINDS[channel],
        channel=channel,
        selection_id=selection_id,
        by_family=channel is Channel.EMAIL and bool(st.session_state.get(check_notes.BY_FAMILY, False)),
        again=bool(st.session_state.get(check_notes.AGAIN, False)),
        retry_of=retry_of,
    )


def _numbers(check: Check, chosen: int) -> None:
    shown = [
        ("will receive it", check.receive),
        ("will not", max(0, chosen - check.receive)),
        ("selected", chosen),
    ]
    if check.messages != check.receive:
        shown.insert(1, ("messages", check.messages))
    for column, (label, number) in zip(st.columns(len(shown)), shown, strict=True):
        column.metric(label, f"{number:,}", border=True)
