"""The filter of a list: a form, so that nothing is searched while somebody types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

import streamlit as st

from core.tables.filters import AccountFilter, StudentFilter
from pages.shared import filter_address
from pages.shared.filter_address import Filter

YES_NO: Mapping[Any, str] = {None: "All", True: "Yes", False: "No"}
WIDTH = 150


class OnDemand(Mapping[Any, str]):
    """Options that are read when they are first looked at: *More filters* is closed on most runs."""

    def __init__(self, read: Callable[[], Mapping[Any, str]]) -> None:
        self._read = cache(read)

    def __getitem__(self, key: Any) -> str:
        return self._read()[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


@dataclass(frozen=True)
class Choice:
    """One question of a filter: several answers, one of which the first option means any, or a day."""

    field: str
    label: str
    options: Mapping[Any, str]
    kind: Literal["many", "one", "day"] = "many"


@dataclass(frozen=True)
class Questions:
    """What a list can be asked: the main questions on the line, the others under *More filters*."""

    main: Sequence[Choice]
    more: Sequence[Choice]

    @property
    def all(self) -> list[Choice]:
        return [*self.main, *self.more]


def ask(name: str, kind: type[Filter], *, placeholder: str, questions: Questions) -> Filter:
    """Draw the form and give what the latest Search, or the address, asked for."""
    asked = _asked(name, kind)
    version = st.session_state.setdefault(f"{name}.version", 0)
    opened = _is_open(name, asked, questions.more)
    with st.form(f"{name}.filter.{version}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom", key=f"filter-line-{name}"):
            text = st.text_input("Search for", asked.text, placeholder=placeholder, max_chars=100)
            answers = {choice.field: _draw(choice, asked) for choice in questions.main}
            searched = st.form_submit_button("Search", type="primary")
            cleared = st.form_submit_button("Clear")
            icon = ":material/keyboard_arrow_up:" if opened else ":material/tune:"
            toggled = st.form_submit_button("More filters", icon=icon)
        if opened:
            with st.container(horizontal=True, key=f"more-filters-{name}"):
                answers |= {choice.field: _draw(choice, asked) for choice in questions.more}
    if searched or cleared:
        found = kind.from_json({**asked.as_json(), "text": text.strip(), **answers})
        remember(name, found if searched else kind())
        st.rerun()
    if toggled:
        st.session_state[f"{name}.more"] = not opened
        st.rerun()
    return asked


def remember(name: str, asked: StudentFilter | AccountFilter) -> None:
    """Ask this from now on; the form is drawn anew with it."""
    st.session_state[f"{name}.asked"] = asked
    st.session_state[f"{name}.version"] = st.session_state.get(f"{name}.version", 0) + 1
    st.session_state[f"{name}.address"] = filter_address.of(asked)
    filter_address.show(asked)


def _is_open(name: str, asked: StudentFilter | AccountFilter, more: Sequence[Choice]) -> bool:
    """As the person left it; else open when one of these is asked."""
    stored = asked.as_json()
    return bool(st.session_state.get(f"{name}.more", any(choice.field in stored for choice in more)))


def _draw(choice: Choice, asked: StudentFilter | AccountFilter) -> Any:
    now, options = getattr(asked, choice.field), list(choice.options)
    if choice.kind == "many":
        default = [value for value in now if value in choice.options]
        return st.multiselect(
            choice.label, options, default, format_func=choice.options.__getitem__, placeholder="All", width=WIDTH
        )
    if choice.kind == "day":
        day = st.date_input(choice.label, day_of(now), format="DD/MM/YYYY", width=WIDTH)
        return day.isoformat() if isinstance(day, date) else ""
    index = options.index(now) if now in options else 0
    return st.selectbox(choice.label, options, index, format_func=choice.options.__getitem__, width=WIDTH)


def day_of(text: str) -> date | None:
    """The day that a filter names, if it names one."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _asked(name: str, kind: type[Filter]) -> Filter:
    """The address wins when it names something new (a link from a chart); else what was searched last."""
    address = filter_address.present(kind)
    if address and address != st.session_state.get(f"{name}.address"):
        remember(name, filter_address.read(kind, address))
    asked = st.session_state.get(f"{name}.asked", kind())
    filter_address.show(asked)
    return asked
