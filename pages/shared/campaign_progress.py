"""A campaign while it runs and afterwards: one bar, the numbers, what became of each person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import streamlit as st

from core import clock, database
from core.config import settings
from core.delivery import engine
from core.models import CampaignStatus, Channel, MessageStatus
from core.permissions import Actor, Permission
from core.rules import words
from core.services import campaign_approval, campaign_moves
from core.tables import campaigns as table
from core.tables import school
from core.tables.campaigns import Progress
from pages.shared import campaign_outcome, cells, feedback, fresh_code, guarded, held

SOON_S = 300  # so near, the start is counted down
EVERY_S, LISTENS_EVERY_S = 1.0, 3.0
LISTENS_FOR = timedelta(days=1)  # a page left open asks no longer than that


def show(actor: Actor, campaign_id: int) -> None:
    """The page of one campaign."""
    progress = _read(actor, campaign_id)
    st.title(words.CAMPAIGN_KIND[progress.kind])
    with database.reading() as db:
        zone = school.settings(db).time_zone
    launched = cells.moment_words(progress.launched_at, zone)
    st.caption(f"{words.CHANNEL[progress.channel]} · launched {launched} by {feedback.plain(progress.launched_by)}")
    _live(actor, progress, zone)
    campaign_outcome.show(actor, progress, zone)
    st.page_link("campaigns.py", label="All campaigns", icon=":material/arrow_back:")


def _live(actor: Actor, drawn: Progress, zone: str) -> None:
    """The numbers, refreshed by themselves while something is under way or the provider may still say more.

    The table below them is drawn anew at the end, and with each later word.
    """

    @guarded.fragment(Permission.SEND, run_every=_every(actor, drawn))
    def numbers(actor: Actor) -> None:
        progress = _read(actor, drawn.id)
        _bar(progress)
        _waiting(progress, zone)
        _controls(actor, progress)
        decided = (progress.status, progress.is_held) != (drawn.status, drawn.is_held)
        if decided or (not progress.is_under_way and progress.counts != drawn.counts):
            st.rerun()

    numbers(actor)


def _every(actor: Actor, progress: Progress) -> float | None:
    """How often to look, in seconds; never, where nothing changes by itself any more, or this reader is to decide."""
    if progress.is_under_way:
        return EVERY_S
    if progress.status == CampaignStatus.PAUSED and progress.waiting:
        return None if _may_approve(actor, progress) else LISTENS_EVERY_S
    listens = progress.channel is Channel.SMS and settings().sms == "twilio" and progress.counts.get(MessageStatus.SENT)
    return LISTENS_EVERY_S if listens and clock.now() < progress.starts_at + LISTENS_FOR else None


def _bar(progress: Progress) -> None:
    done = progress.total - progress.waiting
    st.progress(
        done / progress.total if progress.total else 1.0, text=f"{done:,} of {progress.total:,} · {_said(progress)}"
    )
    shown = [status for status in MessageStatus if progress.counts.get(status)]
    for column, status in zip(st.columns(max(4, len(shown))), shown, strict=False):
        column.metric(words.MESSAGE_STATUS[status], f"{progress.counts[status]:,}", border=True)


def _said(progress: Progress) -> str:
    if progress.is_under_way:
        return "all sending is held" if progress.is_held else "you may close this page, sending goes on"
    return words.campaign_status(progress.status, waiting=progress.waiting).lower()


def _waiting(progress: Progress, zone: str) -> None:
    """What it waits for, if it waits: its start, the provider, somebody's decision."""
    if progress.status == CampaignStatus.PAUSED:
        st.warning(feedback.plain(progress.pause_reason), icon=":material/pause:")
    elif progress.is_under_way and progress.is_held:
        st.info(held.LATER, icon=":material/front_hand:")
    elif progress.is_under_way and (left := _until_start(progress)) > 0:
        start = f"in {left:.0f} seconds" if left < SOON_S else f"on {cells.moment_words(progress.starts_at, zone)}"
        st.info(f"The first message leaves {start}. Until then nothing is gone.", icon=":material/schedule:")
    elif progress.is_under_way and progress.next_try_at and progress.next_try_at > clock.now():
        moment = cells.moment_words(progress.next_try_at, zone)
        st.info(
            f"{feedback.plain(progress.next_try_why)} The next try is on {moment}.",
            icon=":material/hourglass_top:",
        )


def _until_start(progress: Progress) -> float:
    return (progress.starts_at - clock.now()).total_seconds()


def _controls(actor: Actor, progress: Progress) -> None:
    with st.container(horizontal=True):
        not_begun = progress.is_under_way and _until_start(progress) > 0
        if not_begun and st.button("Undo", icon=":material/undo:", type="primary"):
            _act(partial(_undo, actor, progress))
        if progress.is_under_way and not not_begun and st.button("Pause", icon=":material/pause:"):
            _act(partial(_pause, actor, progress.id))
        paused = progress.status == CampaignStatus.PAUSED and not progress.needs_approval
        if paused and st.button("Resume", icon=":material/play_arrow:", type="primary"):
            _act(partial(_resume, actor, progress.id))
        can_cancel = progress.waiting and progress.status != CampaignStatus.CANCELLED and not not_begun
        if can_cancel and st.button(f"Cancel the {progress.waiting:,} that wait", icon=":material/cancel:"):
            _act(partial(_cancel, actor, progress))
    _approval(actor, progress)


def _approval(actor: Actor, progress: Progress) -> None:
    """What another administrator decides about so large a campaign (R32)."""
    if not progress.needs_approval or progress.status != CampaignStatus.PAUSED:
        return
    if not _may_approve(actor, progress):
        st.caption("Tell another administrator: it stands under Needs you on their Account status.")
        return
    said = f"Let the {progress.waiting:,} leave"
    pressed = st.button(said, icon=":material/how_to_reg:", type="primary")
    if acting := fresh_code.proved(actor, pressed, key=f"approve.{progress.id}", act=said):
        _act(partial(_approve, acting, progress.id))


def _may_approve(actor: Actor, progress: Progress) -> bool:
    return progress.needs_approval and actor.may(Permission.APPROVE_CAMPAIGNS) and not progress.launched_by_me


def _act(act: Callable[[], str]) -> None:
    with feedback.refusals_shown():
        feedback.later(act())
    st.rerun()


def _undo(actor: Actor, progress: Progress) -> str:
    """Pressed in the last moment it may come too late for some: then it says what a cancel says."""
    with database.transaction() as db:
        stopped = campaign_moves.cancel(db, actor, campaign_id=progress.id)
    if stopped < progress.total:
        return _cancelled(progress, stopped)
    return (
        "Undone: the message was not sent." if stopped == 1 else f"Undone: none of the {stopped:,} messages was sent."
    )


def _pause(actor: Actor, campaign_id: int) -> str:
    with database.transaction() as db:
        campaign_moves.pause(db, actor, campaign_id=campaign_id)
    return "Paused. What is gone is gone; the others wait until you resume."


def _resume(actor: Actor, campaign_id: int) -> str:
    with database.transaction() as db:
        campaign_moves.resume(db, actor, campaign_id=campaign_id)
    engine.start(campaign_id)
    return f"Resumed. {held.LATER}" if _read(actor, campaign_id).is_held else "Sending goes on."


def _approve(actor: Actor, campaign_id: int) -> str:
    with database.transaction() as db:
        campaign_approval.approve(db, actor, campaign_id=campaign_id)
    engine.start(campaign_id)
    return f"Approved. {held.LATER}" if _read(actor, campaign_id).is_held else "Approved. The messages leave."


def _cancel(actor: Actor, progress: Progress) -> str:
    with database.transaction() as db:
        stopped = campaign_moves.cancel(db, actor, campaign_id=progress.id)
    return _cancelled(progress, stopped)


def _cancelled(progress: Progress, stopped: int) -> str:
    gone = progress.total - stopped
    left = f" {gone:,} {'was' if gone == 1 else 'were'} gone or done already." if gone else ""
    what = "1 message" if stopped == 1 else f"{stopped:,} messages"
    return f"Cancelled: {what} will not be sent.{left}"


def _read(actor: Actor, campaign_id: int) -> Progress:
    with database.reading() as db:
        return table.progress(db, actor, campaign_id=campaign_id)
