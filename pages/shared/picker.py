"""A list of which rows can be ticked: one page from the server, and a selection that is stored by id.

The table reports positions, and positions are not people: its key changes with filter, order, page and rows, and the
callback carries the ids that were on screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st
from sqlmodel import Session
from streamlit.delta_generator import DeltaGenerator

from core import database
from core.permissions import Actor
from core.services import selections
from core.services.selections import ListName, SelectionView
from core.tables import selection_rows
from core.tables.filters import Page
from pages.shared import columns, ticks, totals
from pages.shared.listing import Listing, Shown, Tally, digest, pages

HEIGHT = 565  # sixteen rows: the page of the browser itself need not scroll
COUNTED_AT_ONCE = 100_000


def look(db: Session, actor: Actor, listing: Listing) -> Shown:
    """Read one page and its ticks. Counting comes later."""
    view = selections.current(db, actor, list_name=listing.name)
    wanted = replace(listing.wanted(), total=totals.known(listing))
    found = _found(db, actor, listing, wanted)
    if not found and wanted.number > 1:  # the list has become shorter: its last page
        total = listing.count(db, actor, listing.filter)
        wanted = replace(wanted, number=pages(total), total=total)
        found = _found(db, actor, listing, wanted)
    rows = listing.rows(db, actor, found)
    return Shown(rows, wanted.number, view, _ticked(db, actor, listing, view, rows["id"]))


def _found(db: Session, actor: Actor, listing: Listing, page: Page) -> Sequence[int]:
    """The ids of a page. Where the number of all comes along, nobody need count them."""
    found = listing.find(db, actor, page)
    if found.total is not None:
        totals.keep(listing, found.total)
    return found.ids


def remember(actor: Actor, listing: Listing, shown: Shown) -> Shown:
    """Store what is on screen when it is something new: menus and other tabs ask for it. The rows stand by then."""
    if shown.view.id is not None and shown.view.shown_filter == listing.asked:
        return shown
    with database.transaction() as db:
        return replace(shown, view=selections.show(db, actor, list_name=listing.name, filter=listing.filter))


def count(actor: Actor, listing: Listing, shown: Shown, *, meanwhile: DeltaGenerator) -> Tally:
    """The numbers for the bar. `meanwhile`: where it is said that there are many, while these are counted."""
    total = shown.total if shown.total is not None else totals.known(listing)
    chosen = totals.chosen(listing, shown.view)
    if total is not None and chosen is not None:
        return Tally(total, *chosen)
    with database.reading() as db:
        if total is None:
            total = listing.count_up_to(db, actor, listing.filter, COUNTED_AT_ONCE)
            if total > COUNTED_AT_ONCE:
                meanwhile.markdown(f"**100,000+** {listing.noun}")
                total = listing.count(db, actor, listing.filter)
                meanwhile.empty()
            totals.keep(listing, total)
        if chosen is None:
            chosen = selection_rows.sizes(db, actor, selection_id=shown.selection_id)
            totals.keep_chosen(listing, shown.view, chosen)
        return Tally(total, *chosen)


def table(listing: Listing, shown: Shown, *, open_card: Callable[[int], None]) -> None:
    """The rows. A tick is stored at once; a click on a column's head orders the whole list by it."""
    key = _key(listing, shown)
    if _drawn(listing, key, shown.ticked) != shown.ticked:  # another tab ticked: draw what is stored
        ticks.redraw(listing)
        key = _key(listing, shown)
    _draw_as(listing, key, shown.ticked)
    ids, stored, rows = shown.ids, shown.ticked, listing.dress(shown.rows)
    ticked = [place for place, row_id in enumerate(ids) if row_id in stored]
    st.dataframe(
        rows,
        key=key,
        hide_index=True,
        placeholder="",
        height=min(HEIGHT, 37 + 35 * len(ids)),
        column_config={
            "Open": st.column_config.ButtonColumn(
                "", width=60, type="tertiary", key=f"{key}.open", on_click=_note_card, args=(listing.name, key, ids)
            ),
            **columns.drawn(listing.columns, listing.time_zone),
        },
        on_select=lambda: _event(listing, key, ids, stored),  # what it holds stays for as long as the table: no rows
        selection_mode=["multi-row", "single-column"],
        selection_default={"selection": {"rows": ticked}},
        alt=f"{listing.noun}, page {shown.number}",
    )
    if (card := st.session_state.pop(f"{listing.name}.card", None)) is not None:
        open_card(card)


def paging(listing: Listing, tally: Tally, number: int) -> None:
    """Which page, in which order."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"paging-{listing.name}"):
        listing.keep(number)
        st.session_state.setdefault(listing.paging_key(), min(number, pages(tally.total)))
        st.session_state.setdefault(f"{listing.name}.order", listing.order())
        st.pagination(pages(tally.total), key=listing.paging_key())
        st.selectbox(
            "Order",
            listing.all_orders(),
            key=f"{listing.name}.order",
            label_visibility="collapsed",
            format_func=listing.title,
            width=260,
        )


def _ticked(db: Session, actor: Actor, listing: Listing, view: SelectionView, ids: Sequence[int]) -> frozenset[int]:
    if not view.everything:
        return view.items & frozenset(ids)
    if view.filter == listing.asked:
        return frozenset(ids) - view.items
    assert view.id is not None  # noqa: S101  (looked at, so it is stored)
    return selection_rows.among(db, actor, selection_id=view.id, rows=ids)


def _event(listing: Listing, key: str, ids: Sequence[int], stored: frozenset[int]) -> None:
    event = st.session_state[key]["selection"]  # the browser's word
    for clicked in event["columns"]:
        if clicked in listing.orders:
            listing.order_by(clicked)
    if event["columns"]:
        ticks.redraw(listing)
    ticked = frozenset(ids[place] for place in event["rows"] if 0 <= place < len(ids))
    before = _drawn(listing, key, stored)
    _draw_as(listing, key, ticked)
    ticks.on_page(listing, before, ticked, anew=False)


def _key(listing: Listing, shown: Shown) -> str:
    epoch = st.session_state.get(f"{listing.name}.epoch", 0)
    return f"{listing.name}.table.{digest(listing.asked, listing.order(), list(listing.columns), shown.ids, epoch)}"


def _drawn(listing: Listing, key: str, stored: frozenset[int]) -> frozenset[int]:
    """The ticks that the browser shows in this table."""
    drawn: tuple[str, frozenset[int]] = st.session_state.get(f"{listing.name}.drawn", ("", stored))
    return drawn[1] if drawn[0] == key else stored


def _draw_as(listing: Listing, key: str, ticked: frozenset[int]) -> None:
    st.session_state[f"{listing.name}.drawn"] = (key, ticked)


def _note_card(name: ListName, key: str, ids: Sequence[int]) -> None:
    click = st.session_state[f"{key}.open"]
    if click and 0 <= click["row"] < len(ids):
        st.session_state[f"{name}.card"] = ids[click["row"]]
