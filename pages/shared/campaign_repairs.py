"""What can be done about a campaign that has been: retry, decide about what is unknown, send to the silent ones."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import database
from core.models import CampaignKind, Channel, MessageStatus
from core.permissions import Actor
from core.services import selections_beside
from core.tables import campaigns as table
from core.tables.campaigns import Progress
from pages.shared import campaign_unknown, feedback

CHECKED_AGAIN = (CampaignKind.INITIAL_INVITATION, CampaignKind.INITIAL_CREDENTIALS)


def draw(actor: Actor, progress: Progress) -> None:
    """Only what there is something to do about."""
    if progress.kind in CHECKED_AGAIN:
        _to_check_again(actor, progress)
    if unknown := progress.counts.get(MessageStatus.UNKNOWN, 0):
        campaign_unknown.draw(actor, progress, unknown)


def _to_check_again(actor: Actor, progress: Progress) -> None:
    failed = progress.counts.get(MessageStatus.FAILED, 0)
    with st.container(horizontal=True, key="campaign-repairs"):
        if failed and st.button(f"Retry the {failed:,} that failed", icon=":material/refresh:"):
            _check_again(actor, progress, lambda: _failed(actor, progress), {"retry": str(progress.id)})
        if progress.gone and st.button("Resend to those not verified", icon=":material/forward:"):
            _check_again(actor, progress, lambda: _silent(actor, progress), {})


def _failed(actor: Actor, progress: Progress) -> list[int]:
    with database.reading() as db:
        return table.people_with(db, actor, campaign_id=progress.id, statuses=(MessageStatus.FAILED,))


def _silent(actor: Actor, progress: Progress) -> list[int]:
    with database.reading() as db:
        return table.not_verified(db, actor, campaign_id=progress.id)


def _check_again(actor: Actor, progress: Progress, whom: Callable[[], list[int]], more: dict[str, str]) -> None:
    """On to a check with these people: whoever cannot be reached until something is repaired is named there."""
    with feedback.refusals_shown():
        accounts = whom()
        if not accounts:
            st.info("There is nobody left: all of them have verified their account.")
            return
        with database.transaction() as db:
            selection_id = selections_beside.of_campaign(db, actor, account_ids=accounts)
    by = {"by": "sms"} if progress.channel is Channel.SMS else {}
    st.switch_page("campaigns.py", query_params={"selection": str(selection_id), **by, **more})
