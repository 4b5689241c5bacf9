"""What can be done about a campaign that has been: retry, decide about what is unknown, send to the silent ones."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import database
from core.config import settings
from core.delivery import engine, reconcile
from core.models import CampaignKind, CampaignStatus, Channel, MessageStatus
from core.permissions import Actor
from core.services import campaign_moves, selections
from core.tables import campaigns as table
from core.tables.campaigns import Progress
from pages.shared import feedback

CHECKED_AGAIN = (CampaignKind.INITIAL_INVITATION, CampaignKind.INITIAL_CREDENTIALS)


def draw(actor: Actor, progress: Progress) -> None:
    """Only what there is something to do about."""
    if progress.kind in CHECKED_AGAIN:
        _to_check_again(actor, progress)
    if unknown := progress.counts.get(MessageStatus.UNKNOWN, 0):
        _unknown(actor, progress, unknown)


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
            selection_id = selections.of_campaign(db, actor, account_ids=accounts)
    by = {"by": "sms"} if progress.channel is Channel.SMS else {}
    st.switch_page("campaigns.py", query_params={"selection": str(selection_id), **by, **more})


def _unknown(actor: Actor, progress: Progress, number: int) -> None:
    """They are never sent again by themselves: the provider is asked, then a person decides."""
    with st.container(border=True):
        st.markdown(f"**{number:,} may have been sent.** {_why(progress)}")
        with st.container(horizontal=True):
            if progress.channel is Channel.SMS and settings().sms == "twilio" and st.button("Ask Twilio"):
                _say(lambda: _ask(progress))
            if st.button("They arrived", icon=":material/check:"):
                _say(lambda: _arrived(actor, progress))
            may_repeat = progress.status != CampaignStatus.CANCELLED
            if may_repeat and st.button("Send them again", icon=":material/replay:"):
                _say(lambda: _again(actor, progress))


def _why(progress: Progress) -> str:
    broke = "The connection broke, or Firstkey stopped, in the very moment"
    decide = "Ask one of the people, then decide."
    if progress.channel is Channel.SMS:
        return f"{broke}, or no word came whether they arrived. {decide}"
    return f"{broke}. {decide} An e-mail that is sent again has the same link, so a second one does no harm."


def _ask(progress: Progress) -> str:
    heard = reconcile.run_once(campaign_id=progress.id)
    return f"Twilio knew of {heard:,}." if heard else "Twilio knows nothing new. Decide for the others."


def _arrived(actor: Actor, progress: Progress) -> str:
    with database.transaction() as db:
        decided = campaign_moves.note_arrived(db, actor, campaign_id=progress.id)
    return f"Noted: {decided:,} arrived."


def _again(actor: Actor, progress: Progress) -> str:
    with database.transaction() as db:
        decided = campaign_moves.send_unknown_again(db, actor, campaign_id=progress.id)
    engine.start(progress.id)
    return "1 is being sent again." if decided == 1 else f"{decided:,} are being sent again."


def _say(act: Callable[[], str]) -> None:
    with feedback.refusals_shown():
        feedback.later(act())
    st.rerun()
