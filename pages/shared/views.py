"""The views above a list with what each shows now; and keeping the present question under a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from core import clock, database
from core.permissions import Actor, Scope
from core.rules.list_views import BUILT_IN, ListView
from core.services.selections import ListName
from core.tables import list_views as table
from pages.shared import feedback, filters, totals
from pages.shared.listing import AnyFilter

FRESH_S = 15  # counts are at most so old while somebody leafs through a list


def of(actor: Actor, name: ListName) -> list[ListView]:
    """The views that everybody has, then the actor's own."""
    with database.reading() as db:
        return [*BUILT_IN, *table.own(db, actor, list_name=name)]


def are_counted(name: ListName, views: Sequence[ListView]) -> bool:
    """Whether the numbers are there and fresh, so that the views can be drawn before the list."""
    known = _known(name, views)
    return known is not None and (clock.now() - known[0]).total_seconds() < FRESH_S


def forget(name: ListName) -> None:
    """Something was done: the numbers are to be counted again."""
    totals.forget(name)
    st.session_state.pop(f"{name}.views.counted", None)
    _built_in.clear()


def count(actor: Actor, name: ListName, views: Sequence[ListView]) -> None:
    """Count what each view shows. After the list: nobody waits for it."""
    numbers = dict(_counted(actor, name, views))
    st.session_state[f"{name}.views.counted"] = (clock.now(), numbers)


def draw(name: ListName, asked: AnyFilter, views: Sequence[ListView]) -> None:
    """The views as buttons; the one on screen is marked, and pressing it again shows everybody."""
    known = _known(name, views)
    numbers = known[1] if known else {}
    labels = {view.key: _label(view, numbers.get(view.key)) for view in views}
    key = f"{name}.view"
    st.session_state[key] = next((view.key for view in views if view.filter == asked.as_json()), None)
    st.pills(
        "Views",
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=_chosen,
        args=(name, key, type(asked), views),
    )


def _chosen(name: ListName, key: str, kind: type[AnyFilter], views: Sequence[ListView]) -> None:
    wanted = next((view for view in views if view.key == st.session_state[key]), None)
    filters.ask(name, kind.from_json(wanted.filter) if wanted else kind())


def _known(name: ListName, views: Sequence[ListView]) -> tuple | None:
    known = st.session_state.get(f"{name}.views.counted")
    return known if known and all(view.key in known[1] for view in views) else None


def _counted(actor: Actor, name: ListName, views: Sequence[ListView]) -> Iterator[tuple[str, int]]:
    shared = _built_in(str(database.engine().url), name, actor.scope, _actor=actor)
    for view in views:
        if view.own_id is None:
            yield view.key, shared[view.key]
        else:
            yield view.key, _number(actor, name, view)


@st.cache_data(ttl=FRESH_S, show_spinner=False, max_entries=200)
def _built_in(database_url: str, name: ListName, scope: Scope, _actor: Actor) -> dict[str, int]:
    """The numbers of the views that everybody has: the same for all who see the same people, so counted once."""
    return {view.key: _number(_actor, name, view) for view in BUILT_IN}


def _number(actor: Actor, name: ListName, view: ListView) -> int:
    with database.reading() as db:
        return table.count(db, actor, list_name=name, stored=view.filter)


def _label(view: ListView, number: int | None) -> str:
    name = feedback.plain(view.name)
    return name if number is None else f"{name} **{number:,}**"
