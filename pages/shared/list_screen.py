"""A list on screen, from top to bottom. The rows are painted before anything is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from sqlmodel import Session

from core import database
from core.permissions import Actor, Permission
from core.services.selections import ListName
from core.tables import frames, school
from core.tables.filters import AccountFilter, Found, Page, StudentFilter
from pages.shared import (
    acts,
    bulk,
    by_keyboard,
    chips,
    columns,
    contact_repairs,
    css,
    empty,
    feedback,
    filters,
    guarded,
    legend,
    list_style,
    newcomers,
    own_views,
    picker,
    selection_bar,
    views,
)
from pages.shared.columns import Columns
from pages.shared.listing import Listing
from pages.shared.questions import Questions


@dataclass(frozen=True)
class ListScreen:
    """What is particular to one of the two lists."""

    name: ListName
    title: str
    noun: str
    permission: Permission
    newcomers: Mapping[str, str]
    kind: type[StudentFilter] | type[AccountFilter]
    questions: Callable[[Any], Questions]
    columns: Columns
    find: Callable[[Session, Actor, Any, Page], Found]
    rows: Callable[[Session, Actor, Sequence[int], frozenset[str]], frames.Columns]
    count: Callable[[Session, Actor, Any], int]
    count_up_to: Callable[[Session, Actor, Any, int], int]
    acts: Mapping[str, bulk.Act]
    open_card: Callable[[int], None]
    create: Callable[[Actor], None] | None = None


def draw(actor: Actor, screen: ListScreen) -> None:
    """The head, the questions, what is found. The last two run alone: a page turn draws no form, a search no head."""
    st.html(css.compact(list_style.STYLE))
    _head(actor, screen)
    filters.take_up(screen.name, screen.kind)
    guarded.fragment(screen.permission, key=filters.form(screen.name))(_form)(actor, screen)
    acts.undo_offer(actor, newest=True)
    own_views.undo(actor, screen.name, screen.kind)
    guarded.fragment(screen.permission, key=filters.found(screen.name))(_found)(actor, screen)


def _head(actor: Actor, screen: ListScreen) -> None:
    """The title, how the list looks, and the ways in which people come into it."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"head-{screen.name}", gap="small"):
        st.title(screen.title, width="content")
        st.space("stretch")
        columns.choose(actor, screen.name, screen.columns)
        legend.draw()
        newcomers.draw(actor, screen.newcomers, screen.create)


def _form(actor: Actor, screen: ListScreen) -> None:
    by_contacts = ", e-mail, phone" if actor.may(Permission.SEE_CONTACTS) else ""
    placeholder = f"Name, code{by_contacts} or username"
    asked = filters.asked(screen.name, screen.kind)
    filters.draw(screen.name, asked, placeholder=placeholder, questions=screen.questions(asked))


def _found(actor: Actor, screen: ListScreen) -> None:
    """The views, the chips, and below them what a page turn or a tick draws anew."""
    if feedback.is_waiting():
        views.forget(screen.name)
    asked, known = filters.asked(screen.name, screen.kind), views.of(actor, screen.name)
    head = st.container()  # one place, with chips or without: in another one the rows would be another part of the page
    with head, st.container(horizontal=True, vertical_alignment="center", key=f"views-{screen.name}"):
        spot = st.container()
        own_views.draw(actor, screen.name, asked, known)
    counted = views.are_counted(screen.name, known)
    if counted:
        with spot:
            views.draw(screen.name, asked, known)
    shown_chips = [] if asked.is_empty else chips.of(asked, screen.questions(asked).all)
    if shown_chips:
        with head, st.container(horizontal=True, key=f"chips-{screen.name}", gap="xsmall"):
            chips.draw(screen.name, asked, shown_chips)
    guarded.fragment(screen.permission)(_rows)(actor, screen, shown_chips)
    if not counted:
        views.count(actor, screen.name, known)
        with spot:
            views.draw(screen.name, asked, known)


def _rows(actor: Actor, screen: ListScreen, shown_chips: list[chips.Chip]) -> None:
    """The rows, their pages, the bar. The rows stand before anything is stored or counted."""
    feedback.said()
    with feedback.refusals_shown(), database.reading() as db:
        listing = _listing(db, actor, screen)
        shown = picker.look(db, actor, listing)
    if not shown.ids:
        empty.explain(actor, listing, shown_chips)
    else:
        picker.table(listing, shown, open_card=screen.open_card)
    shown = picker.remember(actor, listing, shown)
    tally = picker.count(actor, listing, shown, meanwhile=st.empty())
    if shown.ids:
        picker.paging(listing, tally, shown.number)
        contact_repairs.draw(actor, listing, shown)
    selection_bar.draw(actor, listing, shown, tally, screen.acts)


def _listing(db: Session, actor: Actor, screen: ListScreen) -> Listing:
    asked = filters.asked(screen.name, screen.kind)
    shown = columns.chosen(db, actor, screen.name, screen.columns)
    needed = frozenset({*by_keyboard.NAMES, *(name for column in shown.values() for name in column.names)})
    return Listing(
        name=screen.name,
        noun=screen.noun,
        filter=asked,
        find=lambda db, actor, page: screen.find(db, actor, asked, page),
        rows=lambda db, actor, ids: screen.rows(db, actor, ids, needed),
        count=screen.count,
        count_up_to=screen.count_up_to,
        columns=shown,
        orders={column.title: column.sort for column in shown.values()},
        time_zone=school.settings(db).time_zone,
    )
