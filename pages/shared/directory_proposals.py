"""The review of Microsoft's directory: certain, likely, without a match, linked; accept, reject, undo."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core import database
from core.permissions import Actor
from core.rules import directory_words, words
from core.rules.directory_match import Reason
from core.services import directory_matches
from core.services.directory_matches import Accepted
from core.tables import directory_review
from core.tables.directory_review import Counts, Part
from core.tables.filters import PAGE_SIZE, Page
from pages.shared import directory_create, feedback, fresh_code

LABELS = {Part.CERTAIN: "Certain", Part.LIKELY: "Likely", Part.NONE: "Without a match", Part.LINKED: "Linked"}
EXPLAINED = {
    Part.CERTAIN: "Code (or Microsoft address) and name agree, and there is one on either side.",
    Part.LIKELY: "Something agrees, but not enough to be sure. Tick who is who, one by one.",
    Part.NONE: "Nobody in the directory looks like them.",
    Part.LINKED: "Known to be one. Whoever has a Microsoft account here signs in with it.",
}
EMPTY = {
    Part.CERTAIN: "Nobody is certain and still to be accepted.",
    Part.LIKELY: "Nobody is likely.",
    Part.NONE: "Everybody who belongs into Microsoft 365 is linked or has a proposal.",
    Part.LINKED: "Nobody is linked yet. Accept proposals, and they stand here.",
}

_LAST = "directory.last"


@dataclass(frozen=True)
class _Last:
    """What was drawn last: by which control, of which part, and whether nobody was in it."""

    control: str = _LAST
    part: Part | None = None
    was_empty: bool = False


def draw(actor: Actor, counts: Counts) -> None:
    part = _part(counts)
    st.caption(EXPLAINED[part])
    acts = st.container()  # above the table, whose ticks are known only once it is drawn
    rows, ticked = _table(actor, part, counts)
    with acts:
        if rows.empty:
            st.info(EMPTY[part], icon=":material/check:")
        elif part is Part.LINKED:
            _undo(actor, ticked)
        elif part is Part.NONE:
            directory_create.offer(actor, counts.none)
        else:
            _decide(actor, part, counts, ticked)


def _part(counts: Counts) -> Part:
    """The part to look at: the one of last, and once nobody is left there the first in which somebody is.

    Other numbers, another control: the browser keeps a choice by its label, and would show another than is drawn. So
    what was chosen in the one before counts, which may be a click that came while the numbers changed.
    """
    labels = {one: f"{LABELS[one]} {counts.of(one):,}" for one in Part}
    now, last = f"directory.part.{'.'.join(labels.values())}", st.session_state.get(_LAST, _Last())
    chosen = st.session_state.get(last.control, last.part)
    stays = chosen is not None and (counts.of(chosen) or chosen != last.part or last.was_empty)
    part = st.segmented_control(
        "Show",
        list(Part),
        format_func=labels.__getitem__,
        default=chosen if stays else next((one for one in Part if counts.of(one)), Part.CERTAIN),
        key=now,
        label_visibility="collapsed",
        required=True,
    )
    st.session_state[_LAST] = _Last(now, part, not counts.of(part))
    return part


def _table(actor: Actor, part: Part, counts: Counts) -> tuple[pd.DataFrame, list[int]]:
    """A page of the part, and the ids of the rows that are ticked on it."""
    number, total = int(st.session_state.get(f"directory.page.{part}", 1)), counts.of(part)
    total = counts.proposals if part is Part.LIKELY else total
    with database.reading() as db:
        rows = directory_review.page(db, actor, part=part, page=Page(number))
    if rows.empty:
        return rows, []
    mode = "single-row" if part is Part.LINKED else "multi-row"
    chosen = st.dataframe(
        _dress(rows, part),
        key=f"directory-table-{part}-{number}-{hash(tuple(rows['id']))}",
        hide_index=True,
        height=37 + 35 * min(len(rows), 14),
        on_select="ignore" if part is Part.NONE else "rerun",
        selection_mode=mode,
        alt=f"People: {LABELS[part]}",
    )
    if total > PAGE_SIZE:
        st.pagination(-(-total // PAGE_SIZE), key=f"directory.page.{part}")
    places = [] if part is Part.NONE else chosen.selection.rows
    return rows, [int(rows["id"].iloc[place]) for place in places if 0 <= place < len(rows)]


def _dress(rows: pd.DataFrame, part: Part) -> pd.DataFrame:
    columns = {
        "Name": rows["last_name"] + " " + rows["first_name"],
        "Code": rows["source_id"],
        "Class": rows["section"].fillna(""),
    }
    if part is Part.NONE:
        return pd.DataFrame(columns | {"Account here": rows["username"].fillna("none yet")})
    there = {
        "Microsoft account": rows["address"].fillna("gone"),
        "Name there": rows["display_name"].fillna(""),
        "Code there": rows["employee_id"].fillna(""),
        "Why": [_why(reason, enabled) for reason, enabled in zip(rows["reason"], rows["is_enabled"], strict=True)],
        "Account here": rows["sign_in_method"].map(words.SIGN_IN_METHOD).fillna("none yet"),
    }
    return pd.DataFrame(columns | there)


def _why(reason: str, is_enabled: bool | None) -> str:
    if is_enabled is None:
        return "no longer in the directory: undo the link, then look up again"
    return directory_words.MATCH_REASON[Reason(reason)] + ("" if is_enabled else "; switched off there")


def _decide(actor: Actor, part: Part, counts: Counts, ticked: list[int]) -> None:
    everybody = part is Part.CERTAIN and not ticked
    number = counts.certain if everybody else len(ticked)
    label = f"Accept all {number:,}" if everybody else f"Accept {number:,} ticked"
    with st.container(horizontal=True):
        accepted = st.button(label, type="primary", icon=":material/link:", disabled=not number)
        rejected = st.button(f"Reject {len(ticked):,} ticked", icon=":material/link_off:", disabled=not ticked)
    if rejected:
        with feedback.refusals_shown(), database.transaction() as db:
            done = directory_matches.reject(db, actor, match_ids=ticked)
        feedback.later(f"Rejected: {done:,}. They are not proposed again.")
        st.rerun()
    key = f"directory.{part}.{number}.{hash(tuple(ticked))}"
    if now_fresh := fresh_code.proved(actor, accepted, key=key, act=label):
        with feedback.refusals_shown(), database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
            if everybody:
                done_now = directory_matches.accept_certain(db, now_fresh, expected=number)
            else:
                done_now = directory_matches.accept(db, now_fresh, match_ids=ticked)
        feedback.later(_accepted(done_now))
        st.rerun()


def _accepted(done: Accepted) -> str:
    sentence = f"Linked: {done.done:,}."
    for why, number in done.left_out.items():
        sentence += f" Left out: {number:,}, because {directory_words.NOT_TIED[why]}."
    return sentence + " Accounts with a password here are converted in User Accounts, Bulk Actions."


def _undo(actor: Actor, ticked: list[int]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Undo this link", icon=":material/link_off:", disabled=not ticked)
        st.caption("Tick one that was wrong. Whoever is signed in by it is signed out.")
    if now_fresh := fresh_code.proved(actor, pressed, key=f"directory.undo.{ticked}", act="Undo this link"):
        with feedback.refusals_shown(), database.transaction() as db:
            directory_matches.release(db, now_fresh, match_id=ticked[0])
        feedback.later("The link is undone, and not proposed again.")
        st.rerun()
