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

_NAMED = 5
_OF = {Leave.WHO_IS_SAID_TO: "who left by this file", Leave.WHO_IS_MISSING: "who are not in it"}

_WHO = (
    "Students, and teachers of a class. Staff who never had a class here are not expected in a file, guardians go with "
    "their students, and administrators are only ever marked by hand."
)


@dataclass(frozen=True)
class Chosen:
    """Who is marked as left, and how many. `typed` is what an administrator typed; `may_go_on` whether that is enough.

    `asks_who`: so many that whoever does it proves anew who they are.
    """

    leave: Leave = Leave.NOBODY
    number: int = 0
    typed: int | None = None
    may_go_on: bool = True
    asks_who: bool = False


def choose(actor: Actor, check: Check) -> Chosen:
    """A tick where the files hold everybody, or say of somebody that they left; ticked already where they say so."""
    leave = Leave.WHO_IS_MISSING if check.intake.covers else Leave.WHO_IS_SAID_TO
    found = check.leavers()
    _say_spared(found)
    if not found:
        return Chosen()
    start = "This file holds everyone: mark" if leave is Leave.WHO_IS_MISSING else "Mark"
    label = f"{start} the {len(found):,} {_OF[leave]} as Left, and switch their accounts off"
    if not st.checkbox(label, value=leave is Leave.WHO_IS_SAID_TO, key="import_left", help=_WHO):
        return Chosen()
    if found.why_not:
        return _too_many(actor, found, leave)
    st.caption(f"Nothing of them is deleted. For {UNDO_DAYS} days it can be undone here.")
    return Chosen(leave, len(found), asks_who=check.asks_who(found))


def _say_spared(found: Leavers) -> None:
    """Who would leave if they did not administer the school."""
    if not found.spared:
        return
    names = [f"{row['last_name']} {row['first_name']}".strip() for row in found.spared]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    who = f"{feedback.plain(', '.join(names[:_NAMED]))}{more}"
    stay = "stays: who administers the school is" if len(names) == 1 else "stay: those who administer the school are"
    st.caption(f"{who} would leave by this file, and {stay} only ever marked by hand.")


def _too_many(actor: Actor, found: Leavers, leave: Leave) -> Chosen:
    asks = " If it is not whole, have it exported again. Without the tick the rest is imported, and nobody leaves."
    st.warning(found.why_not + asks, icon=":material/group_off:")
    if not actor.may(Permission.CHANGE_SETTINGS):
        st.caption("If so many have really left, an administrator can import this file.")
        return Chosen(leave, len(found), may_go_on=False)
    typed = st.text_input(f"If so many have really left, type how many: {len(found)}", key="import_left_typed")
    is_right = typed.strip().replace(",", "") == str(len(found))
    return Chosen(leave, len(found), len(found) if is_right else None, may_go_on=is_right, asks_who=True)


def undo(actor: Actor, runs: Sequence[ImportRun], *, zone: str, told: str) -> None:
    """A line and a button for each import that moved people; `told` is the key of what was said of the last one."""
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center"):
            day = run.applied_at.astimezone(ZoneInfo(zone)).strftime("%-d %b %Y, %H:%M")
            st.text(f"{_moved(run)} with the import of {day}", width="stretch")
            label = "Undo that they left" if not run.returned else "Undo" if run.left else "Undo that they came back"
            if st.button(label, key=f"import_undo_{run.id}", icon=":material/undo:"):
                st.session_state.pop(told, None)
                _undo(actor, run)


def _moved(run: ImportRun) -> str:
    moved = f"{run.left:,} people left" if run.left else ""
    back = f"{run.returned:,} {'' if moved else 'people '}came back" if run.returned else ""
    return " and ".join(filter(None, (moved, back)))


def _undo(actor: Actor, run: ImportRun) -> None:
    with feedback.refusals_shown():
        with database.transaction() as db:
            done = import_undo.undo_leavers(db, actor, run_id=run.id or 0)
        said = [f"{done.back:,} people are back, and their accounts work again."] if run.left else []
        said += [f"Left again, with their accounts off: {done.gone:,}."] if run.returned else []
        said += [f"{done.left_alone:,} were changed since and stay as they are."] if done.left_alone else []
        feedback.later(" ".join(said))
        st.rerun()
