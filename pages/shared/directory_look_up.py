"""*Look up now*: the button, how far a look-up is, and what the last one came to."""

from __future__ import annotations

import streamlit as st

from core import database
from core.delivery import engine
from core.models import DirectoryRun, DirectoryRunKind, DirectoryRunStatus
from core.permissions import Actor, Permission
from core.services import directory_look_ups
from core.tables import directory_runs, school
from pages.shared import cells, feedback, guarded


def draw(actor: Actor) -> bool:
    """Whether there was a look-up, and there is something to decide about."""
    with database.reading() as db:
        run, zone = directory_runs.latest(db, actor, kind=DirectoryRunKind.LOOK_UP), school.settings(db).time_zone
        before = directory_runs.newest(db, kind=DirectoryRunKind.LOOK_UP, finished=True)
    if run is not None and run.status in directory_runs.UNDER_WAY:
        _progress(actor)
    else:
        _offer(actor, run, zone)
    return before is not None


def _offer(actor: Actor, run: DirectoryRun | None, zone: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Look up now", type="primary" if run is None else "secondary", icon=":material/sync:")
        st.caption(_said(run, zone))
    if run is not None and run.status == DirectoryRunStatus.FAILED:
        st.error(feedback.plain(run.refusal), icon=":material/info:")
    if pressed:
        with feedback.refusals_shown(), database.transaction() as db:
            directory_look_ups.ask(db, actor)
        engine.start_directory()
        st.rerun()


def _said(run: DirectoryRun | None, zone: str) -> str:
    if run is None:
        return "Nobody has looked yet. It takes a few seconds for each thousand people."
    at = cells.moment_words(run.finished_at or run.asked_at, zone)
    if run.status == DirectoryRunStatus.DONE:
        return f"Last looked up on {at}: {run.done:,} people are in the directory."
    return f"The look-up of {at} did not come to its end; what stands below is from before."


def _progress(actor: Actor) -> None:
    @guarded.fragment(Permission.MANAGE_DIRECTORY, run_every=1.0)
    def progress(actor: Actor) -> None:
        with database.reading() as db:
            run = directory_runs.latest(db, actor, kind=DirectoryRunKind.LOOK_UP)
        if run is None or run.status not in directory_runs.UNDER_WAY:
            st.rerun()
        st.status(f"Reading the directory: {run.done:,} people so far. You can leave this page.", state="running")

    progress(actor)
