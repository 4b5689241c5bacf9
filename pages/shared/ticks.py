"""What a tick, a button or a key does to the stored selection.

Callbacks run before the page asks who is there, so they ask themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import streamlit as st
from sqlmodel import Session

from core import database
from core.permissions import Actor
from core.services import selections
from core.services.selections import ListName
from pages.shared import feedback, filters, guard
from pages.shared.listing import AnyFilter, Listing

_DROPPED = (
    "All that this filter shows are selected. These are too many to keep others beside them: {:,} that were ticked "
    "under another filter are not selected any more."
)


def on_page(listing: Listing, drawn: Collection[int], ticked: Collection[int], *, anew: bool = True) -> None:
    """Of the rows that this tab drew as ticked, just these are now; what another tab did meanwhile stays."""
    before, after = set(drawn), set(ticked)
    if before != after:
        _act(listing, _tick, listing.filter, after - before, before - after, anew=anew)


def everything(listing: Listing) -> None:
    """All that match the filter on screen."""
    _act(listing, _everything, listing.filter)


def clear(listing: Listing) -> None:
    """Nobody."""
    _act(listing, _clear)


def show_selected(listing: Listing) -> None:
    """The list shows just what is chosen."""
    filters.ask(listing.name, type(listing.filter)(selected=True))


def redraw(listing: Listing) -> None:
    """Another key for the table: it takes its ticks from what is stored."""
    name = f"{listing.name}.epoch"
    st.session_state[name] = st.session_state.get(name, 0) + 1


def _act(listing: Listing, act: Callable[..., None], *values: Any, anew: bool = True) -> None:
    actor = guard.look_up()
    if actor is None or not actor.is_staff:
        return
    with feedback.refusals_later(), database.transaction() as db:
        act(db, actor, listing.name, *values)
    if anew:
        redraw(listing)


def _tick(db: Session, actor: Actor, name: ListName, filter: AnyFilter, on: set[int], off: set[int]) -> None:
    selections.tick(db, actor, list_name=name, on=on, off=off, filter=filter)


def _everything(db: Session, actor: Actor, name: ListName, filter: AnyFilter) -> None:
    if dropped := selections.everything(db, actor, list_name=name, filter=filter):
        feedback.later(_DROPPED.format(dropped))


def _clear(db: Session, actor: Actor, name: ListName) -> None:
    selections.clear(db, actor, list_name=name)
