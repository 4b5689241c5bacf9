"""The rows behind a page, as far as a search has put them in order: whoever leafs on finds them without another search.

They belong to what one search drew: whatever draws that anew forgets them, as every act on the list does. What is done
in another tab, or by others, may be missing from them for a quarter minute. Who is read by them is read as they are
now. Nothing is kept for whoever sees some classes only: a student who leaves these leaves their list at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import streamlit as st
from sqlmodel import Session

from core import clock
from core.permissions import Actor
from core.services.selections import ListName
from core.tables.filters import Found, Page
from core.tables.frames import Columns
from pages.shared import totals
from pages.shared.listing import Listing

AHEAD = 450  # nine pages


@dataclass(frozen=True)
class _Rows:
    """Rows from `offset` on, and what they answer."""

    about: object
    found_at: datetime
    offset: int
    found: Found

    def of(self, page: Page) -> Sequence[int] | None:
        start, ids = page.offset - self.offset, self.found.ids
        are_rest = self.found.total == self.offset + len(ids)
        has_all = start >= 0 and (are_rest or start + page.size <= len(ids))
        return ids[start : start + page.size] if has_all else None


def page(db: Session, actor: Actor, listing: Listing, page: Page) -> Columns:
    """The rows of a page."""
    known = _known(listing, page)
    if known is not None:
        rows = listing.rows(db, actor, known)
        if len(rows["id"]) == len(known):  # else one of them is not there any more, and others have moved up
            return rows
    page = replace(page, ahead=AHEAD)
    begun = clock.now()
    found = listing.find(db, actor, page)
    _keep(actor, listing, page, found, begun)
    return listing.rows(db, actor, found.ids[: page.size])


def forget(name: ListName) -> None:
    """Search again."""
    st.session_state.pop(_key(name), None)


def _known(listing: Listing, page: Page) -> Sequence[int] | None:
    rows: _Rows | None = st.session_state.get(_key(listing.name))
    if rows is None or rows.about != _about(listing, page):
        return None
    fresh = (clock.now() - rows.found_at).total_seconds() < totals.FRESH_S
    return rows.of(page) if fresh else None


def _keep(actor: Actor, listing: Listing, page: Page, found: Found, begun: datetime) -> None:
    """Remember what was found, and how many there are."""
    if found.total is not None:
        totals.keep(actor, listing, found.total, begun=begun)
    if actor.scope.everybody and not totals.depends_on_ticks(listing):
        st.session_state[_key(listing.name)] = _Rows(_about(listing, page), begun, page.offset, found)


def _about(listing: Listing, page: Page) -> object:
    return listing.asked, page.sort, page.descending


def _key(name: ListName) -> str:
    return f"{name}.leafed"
