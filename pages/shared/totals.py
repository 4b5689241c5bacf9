"""How many match, kept while somebody leafs through a list: a count is a fifth of the work of a page."""

from __future__ import annotations

import streamlit as st

from core import clock
from core.services.selections import ListName
from pages.shared.listing import Listing

FRESH_S = 15


def known(listing: Listing) -> int | None:
    """The number as it was counted for the same filter a moment ago; None when it is to be counted."""
    kept = st.session_state.get(_key(listing.name))
    if kept is None or kept[0] != listing.asked or _depends_on_ticks(listing):
        return None
    return kept[2] if (clock.now() - kept[1]).total_seconds() < FRESH_S else None


def keep(listing: Listing, total: int) -> None:
    """Remember a number that was counted now."""
    st.session_state[_key(listing.name)] = (listing.asked, clock.now(), total)


def forget(name: ListName) -> None:
    """Something was done: count again."""
    st.session_state.pop(_key(name), None)


def _depends_on_ticks(listing: Listing) -> bool:
    return "selected" in listing.asked or "guardians_of_selected" in listing.asked


def _key(name: ListName) -> str:
    return f"{name}.total"
