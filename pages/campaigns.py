"""Campaigns: check, send, watch, and what became of each person."""

from __future__ import annotations

import streamlit as st

from core.models import Channel
from core.permissions import Permission
from core.rules.needs import OF_CAMPAIGNS, Need
from pages.shared import campaign_check, campaign_list, campaign_progress, feedback, guard, held


def _number(name: str) -> int | None:
    """An id from the address; anything else is nothing."""
    text = st.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


actor = guard.require(Permission.SEND)
feedback.said()
held.draw(actor)
selection_id, campaign_id = _number("selection"), _number("campaign")
with feedback.refusals_shown():
    if campaign_id is not None:
        campaign_progress.show(actor, campaign_id)
    elif selection_id is not None:
        channel = Channel.SMS if st.query_params.get("by") == "sms" else Channel.EMAIL
        campaign_check.show(actor, selection_id, channel, retry_of=_number("retry"))
    else:
        named = st.query_params.get("need", "")
        campaign_list.show(actor, Need(named) if named in set(OF_CAMPAIGNS) else None)
