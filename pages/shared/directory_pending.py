"""*Pending changes*: what is being created or updated in Microsoft 365, how far it is, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core import database
from core.delivery import engine
from core.models import ChangeStatus, DirectoryRun, DirectoryRunKind, DirectoryRunStatus
from core.permissions import Actor, Permission
from core.rules import directory_words
from core.rules.microsoft_accounts import NotCreated
from core.services import directory_creation
from core.tables import directory_outcome, directory_runs, school
from pages.shared import cells, export_menu, feedback, fresh_code, guarded

Numbers = dict[ChangeStatus, int]


@dataclass(frozen=True)
class Said:
    """How a kind of round is spoken of."""

    doing: str
    done: str
    not_done: str


SAID = {
    DirectoryRunKind.CREATE: Said("Creating in Microsoft 365", "Created in Microsoft 365", "not created"),
    DirectoryRunKind.UPDATE: Said("Updating in Microsoft 365", "Updated in Microsoft 365", "not updated"),
}


def draw(actor: Actor) -> None:
    """The newest round of each kind, refreshed by itself while it lasts."""
    for kind in SAID:
        run, numbers, zone = _read(actor, kind)
        if run is None:
            continue
        with st.container(border=True):
            if run.status in directory_runs.UNDER_WAY:
                _progress(actor, kind)
            else:
                _outcome(actor, run, numbers, zone)


def _read(actor: Actor, kind: DirectoryRunKind) -> tuple[DirectoryRun | None, Numbers, str]:
    with database.reading() as db:
        run = directory_runs.latest(db, actor, kind=kind)
        numbers = directory_runs.counts(db, run_id=run.id or 0) if run else {}
        return run, numbers, school.settings(db).time_zone


def _progress(actor: Actor, kind: DirectoryRunKind) -> None:
    @guarded.fragment(Permission.MANAGE_DIRECTORY, run_every=1.0)
    def progress(actor: Actor) -> None:
        run, numbers, _zone = _read(actor, kind)
        if run is None or run.status not in directory_runs.UNDER_WAY:
            st.rerun()
        total, ended = sum(numbers.values()), _ended(numbers)
        st.progress(ended / max(total, 1), f"{SAID[kind].doing}: {ended:,} of {total:,}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Stop", icon=":material/stop_circle:", key="directory.stop"):
                _stop(actor, run)
            st.caption("You can leave this page; it goes on by itself. What is done already stays done.")

    progress(actor)


def _ended(numbers: Numbers) -> int:
    return sum(numbers.get(status, 0) for status in (ChangeStatus.DONE, ChangeStatus.FAILED, ChangeStatus.STOPPED))


def _stop(actor: Actor, run: DirectoryRun) -> None:
    with feedback.refusals_shown(), database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        number = directory_creation.stop(db, actor, run_id=run.id or 0)
    feedback.later(f"Stopped: {number:,} were not begun.")
    st.rerun()


def _outcome(actor: Actor, run: DirectoryRun, numbers: Numbers, zone: str) -> None:
    at = cells.moment_words(run.finished_at or run.asked_at, zone)
    said = SAID[DirectoryRunKind(run.kind)]
    st.markdown(f"**{said.done}: {numbers.get(ChangeStatus.DONE, 0):,}** · {at}{_also(numbers, said)}")
    has_failed = run.status == DirectoryRunStatus.FAILED
    if has_failed:
        st.error(feedback.plain(run.refusal), icon=":material/info:")
    if has_failed or any(numbers.get(status) for status in directory_runs.OPEN):
        with st.container(horizontal=True):
            key = f"directory.go_on.{run.kind}"
            pressed = st.button("Go on", type="primary", icon=":material/play_arrow:", key=key)
            if numbers.get(ChangeStatus.QUEUED) and st.button("Stop", key=f"directory.give_up.{run.kind}"):
                _stop(actor, run)
        if now_fresh := fresh_code.proved(actor, pressed, key=f"directory.resume.{run.id}", act="Go on"):
            with feedback.refusals_shown(), database.transaction() as db:
                directory_creation.resume(db, now_fresh, run_id=run.id or 0)
            engine.start_directory()
            st.rerun()
    with database.reading() as db:
        rows = directory_outcome.not_done(db, actor, run_id=run.id or 0)
        number = directory_outcome.count(db, actor, run_id=run.id or 0)
    if not rows.empty:
        with st.expander(f"To be looked at: {number:,}", icon=":material/rule:"):
            st.dataframe(
                _dress(rows), hide_index=True, key=f"directory-table-outcome-{run.id}", alt="What went wrong, by person"
            )
            if number > len(rows):
                st.caption(f"The first {len(rows):,}. The file has all of them.")
            _export(actor, run, number)


def _export(actor: Actor, run: DirectoryRun, number: int) -> None:
    caption = "All who are to be looked at, with the reason."
    export_menu.draw(actor, "directory-outcome", of=run.id or 0, caption=caption, expected=number, said="people")


def _also(numbers: Numbers, said: Said) -> str:
    words_of = {
        ChangeStatus.FAILED: said.not_done,
        ChangeStatus.STOPPED: "stopped before",
        ChangeStatus.QUEUED: "still to be done",
        ChangeStatus.SENDING: "asked for, no answer yet",
        ChangeStatus.MADE: "not finished yet",
    }
    return "".join(f" · {text}: {numbers[status]:,}" for status, text in words_of.items() if numbers.get(status))


def _dress(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Name": rows["last_name"] + " " + rows["first_name"],
            "Code": rows["source_id"],
            "Address": rows["address"],
            "Why": [directory_words.NOT_CREATED[NotCreated(reason)] for reason in rows["reason"]],
        }
    )
