"""The filter of a list: a form, so that nothing is searched while somebody types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from core.tables.filters import AccountFilter, StudentFilter
from pages.shared import feedback, filter_address, guarded
from pages.shared.filter_address import Filter
from pages.shared.questions import Choice, Questions

WIDTH = 150


def take_up(name: str, kind: type[Filter]) -> None:
    """The address wins when it names something new, or comes by a link of ours; else what was searched last."""
    address = filter_address.present(kind)
    if address and (filter_address.came_by_link() or address != st.session_state.get(f"{name}.address")):
        remember(name, filter_address.read(kind, address))
    filter_address.show(asked(name, kind))


def asked(name: str, kind: type[Filter]) -> Filter:
    """What the list is asked now."""
    latest: Filter = st.session_state.get(f"{name}.asked", kind())
    return latest


def draw(name: str, asked: StudentFilter | AccountFilter, *, placeholder: str, questions: Questions) -> None:
    """Draw the form with what is asked."""
    version = st.session_state.setdefault(f"{name}.version", 0)
    opened = bool(st.session_state.get(f"{name}.more"))  # never by itself: a link leads to people, not to a form
    form = _Form(name, f"{name}.filter.{version}", type(asked), (*questions.main, *(questions.more if opened else ())))
    _forget_others(name, form.key)
    with st.form(form.key, border=False):
        with st.container(horizontal=True, vertical_alignment="bottom", key=f"filter-line-{name}"):
            text = f"{form.key}.text"
            st.text_input("Search for", _first(text, asked.text), placeholder=placeholder, max_chars=100, key=text)
            for choice in questions.main:
                _draw(choice, asked, form.key)
            st.form_submit_button("Search", type="primary", on_click=form.search)
            st.form_submit_button("Clear", on_click=ask, args=(name, type(asked)()))
            icon = ":material/keyboard_arrow_up:" if opened else ":material/tune:"
            st.form_submit_button(
                "More filters" if opened else _closed(asked, questions.more),
                icon=icon,
                on_click=form.open_more,
                args=(not opened,),
                key=f"{form.key}.more",
            )
        if opened:
            with st.container(horizontal=True, key=f"more-filters-{name}"):
                for choice in questions.more:
                    _draw(choice, asked, form.key)


@dataclass(frozen=True)
class _Form:
    """What is drawn of a filter. Its buttons answer before the run that shows the result: one run per click.

    After a search only what it found is drawn: the form says already what was asked. In another year it offers other
    classes, and is drawn too.
    """

    name: str
    key: str
    kind: type[StudentFilter] | type[AccountFilter]
    drawn: Sequence[Choice]

    def search(self) -> None:
        """Ask what the form says; questions that are not drawn keep their answers."""
        before = wanted = asked(self.name, self.kind)
        with feedback.refusals_later():
            answers = {choice.field: self._answer(choice) for choice in self.drawn}
            text = str(st.session_state[f"{self.key}.text"]).strip()
            wanted = self.kind.from_json({**before.as_json(), "text": text, **answers})
            _ask(self.name, wanted)
        if wanted.period_id != before.period_id:
            ask(self.name, wanted)
        else:
            guarded.only(found(self.name))

    def open_more(self, wanted: bool) -> None:
        """Show or hide the other questions, as the person leaves it."""
        st.session_state[f"{self.name}.more"] = wanted

    def _answer(self, choice: Choice) -> Any:
        answer = st.session_state[f"{self.key}.{choice.field}"]
        if choice.kind == "day":
            return answer.isoformat() if isinstance(answer, date) else ""
        return choice.meant(answer) if choice.kind == "many" else answer


def form(name: str) -> str:
    """What the part of the page with the questions is called."""
    return f"{name}.form"


def found(name: str) -> str:
    """What the part of the page with the answer is called."""
    return f"{name}.found"


def ask(name: str, wanted: filter_address.AnyFilter) -> None:
    """A button's word: ask this, and draw the form and what is found anew."""
    remember(name, wanted)
    guarded.only(form(name), found(name))


def remember(name: str, asked: filter_address.AnyFilter) -> None:
    """Ask this from now on; the form is drawn anew with it."""
    st.session_state[f"{name}.version"] = st.session_state.get(f"{name}.version", 0) + 1
    _ask(name, asked)


def _ask(name: str, asked: filter_address.AnyFilter) -> None:
    st.session_state[f"{name}.asked"] = asked
    st.session_state[f"{name}.address"] = filter_address.of(asked)
    filter_address.show(asked)


def _closed(asked: StudentFilter | AccountFilter, more: Sequence[Choice]) -> str:
    """How many of the questions that are not drawn are answered: the chips above the list say which."""
    answered = asked.as_json().keys() & {choice.field for choice in more}
    return f"More filters: {len(answered)}" if answered else "More filters"


def _draw(choice: Choice, asked: StudentFilter | AccountFilter, form: str) -> None:
    key = f"{form}.{choice.field}"
    now = _first(key, getattr(asked, choice.field))
    if choice.kind == "day":
        st.date_input(choice.label, day_of(now), format="DD/MM/YYYY", width=WIDTH, key=key)
        return
    named: dict[str, Any] = {"format_func": choice.name_of, "width": WIDTH, "key": key}
    options = [] if choice.is_typed else list(choice.options)
    if choice.kind == "many":
        options += [value for value in now if value not in options]  # asked for, and not offered any more
        if choice.is_typed:
            named |= {"placeholder": "Type a name", "accept_new_options": True}
        st.multiselect(choice.label, options, list(now), **{"placeholder": "All", **named})
    else:
        options += [] if now in options else [now]  # a link may ask what is not offered: a search keeps it
        st.selectbox(choice.label, options, options.index(now), **named)


def _first(key: str, value: Any) -> Any:
    """What the question said when it was first drawn: drawn alike each time, it is sent to the browser once."""
    drawn: dict[str, Any] = st.session_state.setdefault("filters.drawn", {})
    if key not in st.session_state:
        drawn[key] = value
    return drawn.get(key, value)


def _forget_others(name: str, form: str) -> None:
    """Of forms of this list that were there before, nobody asks any more what they said first."""
    drawn: dict[str, Any] = st.session_state.get("filters.drawn", {})
    for key in [key for key in drawn if key.startswith(f"{name}.filter.") and not key.startswith(f"{form}.")]:
        del drawn[key]


def day_of(text: str) -> date | None:
    """The day that a filter names, if it names one."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
