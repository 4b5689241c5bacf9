"""Rows for those who use no mouse: the canvas of the table cannot be reached by Tab, so its page is offered as a field.

Typing a part of a name finds the row, Enter ticks it, Backspace takes the last one out; another field opens a card.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.tables.frames import Columns
from pages.shared import ticks
from pages.shared.listing import Listing, Shown, digest

NAMES = ("last_name", "first_name", "section", "source_id")  # the columns that rows are told apart by


def draw(listing: Listing, shown: Shown) -> None:
    """Drawn only while it is open: fifty names are not sent for nothing."""
    window = st.popover(
        "By keyboard",
        icon=":material/keyboard:",
        key=f"{listing.name}.keyboard",
        on_change="rerun",
        disabled=not shown.ids,
    )
    with window:
        if window.open:
            _fields(listing, shown)


def _fields(listing: Listing, shown: Shown) -> None:
    names = dict(zip(shown.ids, _names(shown.rows), strict=True))
    key = f"{listing.name}.keys.{digest(listing.asked, listing.order(), shown.ids, sorted(shown.ticked))}"
    st.multiselect(
        "Ticked on this page",
        list(names),
        [row_id for row_id in names if row_id in shown.ticked],
        format_func=names.__getitem__,
        placeholder="Type a name or a code, then Enter",
        key=key,
        width=420,
        on_change=_tick,
        args=(listing, key, shown.ids, shown.ticked),
    )
    opened = st.selectbox(
        "Open a card",
        list(names),
        None,
        format_func=names.__getitem__,
        placeholder="Type a name or a code, then Enter",
        key=f"{key}.open",
        width=420,
    )
    if opened is not None:
        st.session_state[f"{listing.name}.card"] = opened
        st.rerun()


def _tick(listing: Listing, key: str, ids: Sequence[int], ticked: frozenset[int]) -> None:
    picked = [row_id for row_id in st.session_state[key] if row_id in ids]
    ticks.on_page(listing, ticked, picked)


def _names(rows: Columns) -> list[str]:
    nothing = [""] * len(rows["id"])
    told = zip(*(rows.get(name, nothing) for name in NAMES), strict=True)
    return [", ".join(filter(None, (f"{last} {first}", section, code))) for last, first, section, code in told]
