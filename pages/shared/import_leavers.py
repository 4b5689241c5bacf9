"""People who leave with an import: offered before it, undone after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import streamlit as st

from core import database
from core.models import ImportRun
from core.permissions import Actor, Permission
from core.rules.imports.leaving import UNDO_DAYS, Leavers
from core.services import import_undo
from core.services.imports import Check, Leave
from pages.shared import feedback

_OF = {Leave.WHO_IS_SAID_TO: "who left by this file", Leave.WHO_IS_MISSING: "who are not in it"}

_WHO = (
    "Students, and teachers of a class. Staff who never had a class here are not expected in a file, guardians go with "
    "their students, and administrators are only ever marked by hand."
)


@dataclass(frozen=True)
class Chosen:
    """Who is marked as left. `typed` is what an administrator typed; `may_go_on` whether that is enough."""

    leave: Leave = Leave.NOBODY
    typed: int | None = None
    may_go_on: bool = True


def choose(actor: Actor, check: Check) -> Chosen:
    """A tick where the files hold everybody, or say of somebody that they left; ticked already where they say so."""
    leave = Leave.WHO_IS_MISSING if check.intake.covers else Leave.WHO_IS_SAID_TO
    found = check.leavers()
    if not found:
        return Chosen()
    start = "This file holds everyone: mark" if leave is Leave.WHO_IS_MISSING else "Mark"
    label = f"{start} the {len(found):,} {_OF[leave]} as Left, and switch their accounts off"
    if not st.checkbox(label, value=leave is Leave.WHO_IS_SAID_TO, key="import_left", help=_WHO):
        return Chosen()
    if found.why_not:
        return _too_many(actor, found, leave)
    st.caption(f"Nothing of them is deleted. For {UNDO_DAYS} days it can be undone here.")
    return Chosen(leave)


def _too_many(actor: Actor, found: Leavers, leave: Leave) -> Chosen:
    asks = " If it is not whole, have it exported again. Without the tick the rest is imported, and nobody leaves."
    st.warning(found.why_not + asks, icon=":material/group_off:")
    if not actor.may(Permission.CHANGE_SETTINGS):
        st.caption("If so many have really left, an administrator can import this file.")
        return Chosen(leave, may_go_on=False)
    typed = st.text_input(f"If so many have really left, type how many: {len(found)}", key="import_left_typed")
    is_right = typed.strip().replace(",", "") == str(len(found))
    return Chosen(leave, len(found) if is_right else None, may_go_on=is_right)


def undo(actor: Actor, runs: Sequence[ImportRun], *, zone: str, told: str) -> None:
    """A line and a button for each import by which people left; `told` is the key of what was said of the last one."""
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center"):
            day = run.applied_at.astimezone(ZoneInfo(zone)).strftime("%-d %b %Y, %H:%M")
            st.text(f"{run.left:,} people left with the import of {day}", width="stretch")
            if st.button("Undo that they left", key=f"import_undo_{run.id}", icon=":material/undo:"):
                st.session_state.pop(told, None)
                _undo(actor, run)


def _undo(actor: Actor, run: ImportRun) -> None:
    with feedback.refusals_shown():
        with database.transaction() as db:
            back = import_undo.undo_leavers(db, actor, run_id=run.id or 0)
        alone = f" {run.left - back:,} were changed since and stay as they are." if run.left > back else ""
        feedback.later(f"{back:,} people are back, and their accounts work again.{alone}")
        st.rerun()
