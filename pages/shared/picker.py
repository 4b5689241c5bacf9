"""A list of which rows can be ticked: one page from the server, and a selection that is stored by id.

The table reports positions, and positions are not people: its key changes with filter, order, page and rows, and the
callback carries the ids that were on screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from sqlmodel import Session

from core import database
from core.permissions import Actor
from core.services import selections
from core.services.selections import ListName
from core.tables.filters import AccountFilter, StudentFilter
from pages.shared import bulk, guard
from pages.shared.listing import Listing, Shown, digest, pages

HEIGHT = 565  # sixteen rows: the page of the browser itself need not scroll


def look(actor: Actor, listing: Listing) -> Shown:
    """Read the page, the counts and the selection; remember what is shown when it is something new."""
    asked = listing.filter.as_json()
    with database.reading() as db:
        view = selections.current(db, actor, list_name=listing.name)
    if view.id is None or view.shown_filter != asked:
        with database.transaction() as db:
            view = selections.show(db, actor, list_name=listing.name, filter=listing.filter)
    assert view.id is not None  # noqa: S101  (shown, so it is stored)
    with database.reading() as db:
        total = listing.count(db, actor)
        rows = listing.page(db, actor, listing.wanted(total))
        if not view.everything and not view.items:
            return Shown(rows, total, view.id)
        chosen = total if view.everything and view.filter == asked and not view.items else None
        if chosen is None:
            chosen = selections.size(db, actor, selection_id=view.id)
        ticked = selections.among(db, actor, selection_id=view.id, row_ids=[int(row_id) for row_id in rows["id"]])
        hidden = 0 if view.everything and view.filter == asked else selections.hidden(db, actor, selection_id=view.id)
        return Shown(rows, total, view.id, chosen, hidden, ticked)


def toolbar(actor: Actor, listing: Listing, shown: Shown, acts: Mapping[str, bulk.Act]) -> None:
    """The selection and what can be done with it. The buttons do what ticks on the canvas do, for keyboards too."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"{listing.name}.toolbar"):
        st.markdown(_words(listing, shown), width="stretch")
        st.button("Tick page", on_click=_act, args=(listing, _tick_page, shown.ids))
        st.button(f"Select all {shown.total:,}", on_click=_act, args=(listing, _everything, listing.filter))
        st.button("Clear selection", on_click=_act, args=(listing, _clear), disabled=not shown.chosen)
        bulk.actions(listing, shown, acts)
        bulk.reports(actor, shown)


def table(listing: Listing, shown: Shown, *, open_card: Callable[[int], None]) -> None:
    """The rows. A tick is stored at once; a click on a column's head orders the whole list by it."""
    key = f"{listing.name}.table.{_fingerprint(listing, shown)}"
    ids, rows = shown.ids, listing.dress(shown.rows)
    ticked = [place for place, row_id in enumerate(ids) if row_id in shown.ticked]
    st.dataframe(
        rows,
        key=key,
        hide_index=True,
        placeholder="",
        height=min(HEIGHT, 37 + 35 * len(rows)),
        column_config={
            "Open": st.column_config.ButtonColumn(
                "", width=60, type="tertiary", key=f"{key}.open", on_click=_note_card, args=(listing.name, key, ids)
            ),
            **listing.columns,
        },
        on_select=lambda: _event(listing, key, ids),
        selection_mode=["multi-row", "single-column"],
        selection_default={"selection": {"rows": ticked}},
        alt=f"{listing.noun}, page {listing.wanted(shown.total).number}",
    )
    if (card := st.session_state.pop(f"{listing.name}.card", None)) is not None:
        open_card(card)


def paging(listing: Listing, shown: Shown) -> None:
    """Which page, in which order."""
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left:
        st.pagination(pages(shown.total), key=listing.paging_key(), width="stretch")
    with right:
        st.selectbox(
            "Order",
            listing.all_orders(),
            key=f"{listing.name}.order",
            label_visibility="collapsed",
            format_func=listing.title,
        )


def _event(listing: Listing, key: str, ids: list[int]) -> None:
    event = st.session_state[key]["selection"]
    if clicked := [name for name in event["columns"] if name in listing.orders]:  # the browser's word
        listing.order_by(clicked[0])
    if event["columns"]:
        _redraw(listing)
    _act(listing, _tick, ids, [ids[place] for place in event["rows"] if 0 <= place < len(ids)], redraw=False)


def _act(listing: Listing, act: Callable[..., None], *values: Any, redraw: bool = True) -> None:
    """Callbacks run before the page asks who is there, so they ask themselves."""
    actor = guard.look_up()
    if actor is None or not actor.is_staff:
        return
    with database.transaction() as db:
        act(db, actor, listing.name, *values)
    if redraw:
        _redraw(listing)


def _tick(db: Session, actor: Actor, name: ListName, shown: list[int], ticked: list[int]) -> None:
    selections.tick(db, actor, list_name=name, shown=shown, ticked=ticked)


def _tick_page(db: Session, actor: Actor, name: ListName, shown: list[int]) -> None:
    selections.tick(db, actor, list_name=name, shown=shown, ticked=shown)


def _everything(db: Session, actor: Actor, name: ListName, filter: StudentFilter | AccountFilter) -> None:
    selections.everything(db, actor, list_name=name, filter=filter)


def _clear(db: Session, actor: Actor, name: ListName) -> None:
    selections.clear(db, actor, list_name=name)


def _note_card(name: ListName, key: str, ids: list[int]) -> None:
    click = st.session_state[f"{key}.open"]
    if click and 0 <= click["row"] < len(ids):
        st.session_state[f"{name}.card"] = ids[click["row"]]


def _words(listing: Listing, shown: Shown) -> str:
    noun = listing.noun.removesuffix("s") if shown.total == 1 else listing.noun
    if not shown.chosen:
        return f"**{shown.total:,}** {noun}, none selected"
    unseen = f", {shown.hidden:,} not visible under the current filter" if shown.hidden else ""
    return f"**{shown.chosen:,} selected**{unseen} · {shown.total:,} {noun}"


def _redraw(listing: Listing) -> None:
    name = f"{listing.name}.epoch"
    st.session_state[name] = st.session_state.get(name, 0) + 1


def _fingerprint(listing: Listing, shown: Shown) -> str:
    epoch = st.session_state.get(f"{listing.name}.epoch", 0)
    return digest(listing.filter.as_json(), listing.order(), shown.ids, epoch)
