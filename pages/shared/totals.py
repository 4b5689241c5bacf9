"""How many match and how many are chosen, kept while somebody leafs through a list: to count is a fifth of a page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from core import clock
from core.services.selections import ListName, SelectionView
from pages.shared.listing import Listing

FRESH_S = 15
_TOTAL, _CHOSEN = "total", "chosen"


def known(listing: Listing) -> int | None:
    """The number as it was counted for the same filter a moment ago; None when it is to be counted."""
    if _depends_on_ticks(listing):
        return None
    total: int | None = _kept(listing, _TOTAL, listing.asked)
    return total


def keep(listing: Listing, total: int) -> None:
    """Remember a number."""
    _keep(listing, _TOTAL, listing.asked, total)


def chosen(listing: Listing, view: SelectionView) -> tuple[int, int] | None:
    """How many are chosen and how many of them the filter hides, as long as neither is another."""
    if not (view.everything or view.items):
        return 0, 0
    numbers: tuple[int, int] | None = _kept(listing, _CHOSEN, _about(listing, view))
    return numbers


def keep_chosen(listing: Listing, view: SelectionView, numbers: tuple[int, int]) -> None:
    """Remember them."""
    _keep(listing, _CHOSEN, _about(listing, view), numbers)


def forget(name: ListName) -> None:
    """Something was done: count again."""
    for what in (_TOTAL, _CHOSEN):
        st.session_state.pop(f"{name}.{what}", None)


def _about(listing: Listing, view: SelectionView) -> object:
    return listing.asked, view.everything, view.filter, view.items


def _kept(listing: Listing, what: str, about: object) -> Any:
    kept = st.session_state.get(f"{listing.name}.{what}")
    return kept[2] if kept and kept[0] == about and _is_fresh(kept[1]) else None


def _keep(listing: Listing, what: str, about: object, value: object) -> None:
    st.session_state[f"{listing.name}.{what}"] = (about, clock.now(), value)


def _is_fresh(counted_at: datetime) -> bool:
    return (clock.now() - counted_at).total_seconds() < FRESH_S


def _depends_on_ticks(listing: Listing) -> bool:
    """Whether a tick changes what the list shows."""
    return bool({"selected", "of_check", "guardians_of_selected"} & set(listing.asked))
