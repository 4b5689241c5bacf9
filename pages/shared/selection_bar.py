"""The bar that stays in view: what is selected and what can be done with it; all that the table does, for keyboards."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.permissions import Actor
from core.tables.selection_rows import RowScope
from pages.shared import bulk, by_keyboard, ticks
from pages.shared.listing import Listing, Shown, Tally


def draw(actor: Actor, listing: Listing, shown: Shown, tally: Tally, acts: Mapping[str, bulk.Act]) -> None:
    """The words, the buttons, the menus."""
    with st.container(key=f"selection-bar-{listing.name}", gap="xsmall"):
        said = st.container()
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(words(listing.noun, tally), width="content")
            _buttons(listing, shown, tally)
            st.space("stretch")
            chosen = bulk.actions(listing.name, acts)
            bulk.reports(
                actor,
                selection_id=shown.selection_id,
                scope=_scope(tally),
                expected=_expected(tally),
                as_shown=_as_shown(listing),
            )
            by_keyboard.draw(listing, shown)  # the last, so that Tab goes on into its window
    if chosen and tally.chosen:
        acts[chosen](shown.selection_id)
    elif chosen:
        said.info(
            f"Nobody is selected, so there is nothing to do for *{chosen}*. Tick rows first, or press Select all.",
            icon=":material/info:",
        )


def words(noun: str, tally: Tally) -> str:
    """12 selected, 3 not visible under the current filter."""
    noun = noun.removesuffix("s") if tally.total == 1 else noun
    if not tally.chosen:
        return f"**{tally.total:,}** {noun}, none selected"
    unseen = f", {tally.hidden:,} not visible under the current filter" if tally.hidden else ""
    return f"**{tally.chosen:,} selected**{unseen} · {tally.total:,} {noun}"


def _buttons(listing: Listing, shown: Shown, tally: Tally) -> None:
    only_these = listing.filter.selected is True
    if tally.chosen and not only_these:
        st.button("Show just these", on_click=ticks.show_selected, args=(listing,), type="tertiary")
    ids = shown.ids
    st.button("Tick page", on_click=ticks.on_page, args=(listing, (), ids), disabled=not ids)
    st.button("Untick page", on_click=ticks.on_page, args=(listing, ids, ()), disabled=not shown.ticked)
    st.button(
        f"Select all {tally.total:,}",
        on_click=ticks.everything,
        args=(listing,),
        disabled=only_these or not tally.total,
    )
    st.button("Clear selection", on_click=ticks.clear, args=(listing,), disabled=not tally.chosen)


def _as_shown(listing: Listing) -> dict[str, str]:
    sort, descending = listing.order()
    return {"columns": ",".join(listing.columns), "sort": sort, "descending": "yes" if descending else "no"}


def _scope(tally: Tally) -> RowScope:
    return "selected" if tally.chosen else "shown"


def _expected(tally: Tally) -> int:
    return tally.chosen or tally.total
