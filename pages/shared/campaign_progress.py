"""A campaign while it runs and afterwards: one bar, the numbers, what became of each person."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from core import database
from core.delivery import engine
from core.models import CampaignStatus, MessageStatus
from core.permissions import Actor
from core.rules import words
from core.services import campaigns
from core.tables import campaigns as table
from core.tables import school
from core.tables.campaigns import Progress
from core.tables.filters import PAGE_SIZE, Page
from pages.shared import cells, feedback

MEANING = {
    MessageStatus.UNKNOWN: "The connection broke, or Firstkey stopped, while these were being sent. They may have "
    "arrived, so they are not sent again by themselves. Ask the people, or invite them again.",
    MessageStatus.FAILED: "These did not reach the person. Repair the address, then invite them again.",
}


def show(actor: Actor, campaign_id: int) -> None:
    """The page of one campaign."""
    progress = _read(actor, campaign_id)
    st.title("Send Initial Invitation" if progress.kind == "initial_invitation" else "New link")
    _live(actor, campaign_id, running=progress.is_under_way)
    _outcome(actor, progress)
    st.page_link("campaigns.py", label="All campaigns", icon=":material/arrow_back:")


def _live(actor: Actor, campaign_id: int, *, running: bool) -> None:
    """The numbers, refreshed by themselves while something is under way."""

    @st.fragment(run_every=1.0 if running else None)
    def numbers() -> None:
        progress = _read(actor, campaign_id)
        _bar(progress)
        _controls(actor, progress)
        if running and not progress.is_under_way:
            st.rerun()

    numbers()


def _bar(progress: Progress) -> None:
    done = progress.total - progress.waiting
    st.progress(
        done / progress.total if progress.total else 1.0, text=f"{done:,} of {progress.total:,} · {_said(progress)}"
    )
    shown = [status for status in MessageStatus if progress.counts.get(status)]
    for column, status in zip(st.columns(max(1, len(shown))), shown, strict=False):
        column.metric(words.MESSAGE_STATUS[status], f"{progress.counts[status]:,}", border=True)
    if progress.status == CampaignStatus.PAUSED:
        st.warning(f"Paused: {progress.pause_reason}", icon=":material/pause:")


def _said(progress: Progress) -> str:
    if progress.is_under_way:
        return "you may close this page, sending goes on"
    return {CampaignStatus.PAUSED: "paused", CampaignStatus.CANCELLED: "cancelled"}.get(progress.status, "finished")


def _controls(actor: Actor, progress: Progress) -> None:
    with st.container(horizontal=True):
        if progress.is_under_way and st.button("Pause", icon=":material/pause:"):
            _act(lambda: _pause(actor, progress.id))
        if progress.status == CampaignStatus.PAUSED and st.button(
            "Resume", icon=":material/play_arrow:", type="primary"
        ):
            _act(lambda: _resume(actor, progress.id))
        can_cancel = progress.waiting and progress.status != CampaignStatus.CANCELLED
        if can_cancel and st.button(f"Cancel the {progress.waiting:,} that wait", icon=":material/cancel:"):
            _act(lambda: _cancel(actor, progress.id))


def _act(act: Callable[[], str]) -> None:
    with feedback.refusals_shown():
        feedback.later(act())
    st.rerun()


def _pause(actor: Actor, campaign_id: int) -> str:
    with database.transaction() as db:
        campaigns.pause(db, actor, campaign_id=campaign_id)
    return "Paused. What is gone is gone; the others wait until you resume."


def _resume(actor: Actor, campaign_id: int) -> str:
    with database.transaction() as db:
        campaigns.resume(db, actor, campaign_id=campaign_id)
    engine.start(campaign_id)
    return "Sending goes on."


def _cancel(actor: Actor, campaign_id: int) -> str:
    with database.transaction() as db:
        stopped = campaigns.cancel(db, actor, campaign_id=campaign_id)
    return f"Cancelled: {stopped:,} messages will not be sent."


def _outcome(actor: Actor, progress: Progress) -> None:
    st.subheader("What became of each person")
    options = [status for status in MessageStatus if progress.counts.get(status)]
    wanted = st.pills("Show", options, format_func=words.MESSAGE_STATUS.__getitem__, selection_mode="multi", default=[])
    for status in wanted:
        if status in MEANING:
            st.info(MEANING[status])
    key = f"outcome.{progress.id}.{'.'.join(wanted)}"
    page = Page(int(st.session_state.get(key, 1)))
    with database.reading() as db:
        rows, total = table.outcome(
            db, actor, campaign_id=progress.id, statuses=tuple(status.value for status in wanted), page=page
        )
        zone = school.settings(db).time_zone
    st.dataframe(_dress(rows), hide_index=True, column_config={"When": cells.moment_column("When", zone)})
    if total > PAGE_SIZE:
        st.pagination(-(-total // PAGE_SIZE), key=key)


def _dress(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Name": rows["last_name"] + " " + rows["first_name"],
            "Username": rows["username"],
            "Address": rows["address"],
            "Outcome": rows["status"].map(partial(cells.said, words.MESSAGE_STATUS)),
            "Why": [_why(reason, detail) for reason, detail in zip(rows["reason"], rows["detail"], strict=True)],
            "When": pd.to_datetime(rows["finished_at"], utc=True),
        }
    )


def _why(reason: str | None, detail: str | None) -> str:
    return cells.said(words.FAILURE_REASON, reason) if reason else detail or ""


def _read(actor: Actor, campaign_id: int) -> Progress:
    with database.reading() as db:
        return table.progress(db, actor, campaign_id=campaign_id)
