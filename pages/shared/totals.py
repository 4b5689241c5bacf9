"""How many match, kept while somebody leafs through a list, and large numbers for all who see the same people.

A count is a fifth of the work of a page.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from core import clock, database
from core.permissions import Actor
from core.services.selections import ListName, SelectionView
from pages.shared.listing import Listing, digest

FRESH_S = 15
_TOTAL, _CHOSEN = "total", "chosen"
_LARGE, _AT_MOST = 1_000, 2_000
_told: dict[object, tuple[datetime, int]] = {}


def known(actor: Actor, listing: Listing) -> int | None:
    """The number as it was counted for the same filter a moment ago; None when it is to be counted.

    A large one may have been counted for somebody else who sees the same, since this list was opened here: what one
    did on another page before is in it.
    """
    if depends_on_ticks(listing):
        return None
    total: int | None = _kept(listing, _TOTAL, listing.asked)
    told_at, told = _told.get(_question(actor, listing), (None, None))
    if total is not None or told_at is None:
        return total
    opened: datetime | None = st.session_state.get(f"{listing.name}.opened")
    return told if _is_fresh(told_at) and opened is not None and opened <= told_at else None


def begin(name: ListName) -> None:
    """The whole list is drawn: numbers that others counted before say nothing about what was done since."""
    st.session_state[f"{name}.opened"] = clock.now()


def keep(actor: Actor, listing: Listing, total: int, *, begun: datetime) -> None:
    """Remember a number whose counting began at that moment."""
    _keep(listing, _TOTAL, listing.asked, total)
    if total >= _LARGE:
        if len(_told) >= _AT_MOST:
            _told.clear()
        _told[_question(actor, listing)] = begun, total


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
    _told.clear()
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


def _question(actor: Actor, listing: Listing) -> object:
    return str(database.engine().url), listing.name, digest(listing.asked), actor.scope, actor.roles


def depends_on_ticks(listing: Listing) -> bool:
    """Whether a tick changes what the list shows."""
    return bool({"selected", "of_check", "guardians_of_selected"} & set(listing.asked))
