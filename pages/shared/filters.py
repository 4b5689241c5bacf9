"""The filter of a list: a form, so that nothing is searched while somebody types; its choices stand in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from core.tables.filters import AccountFilter, StudentFilter

Filter = TypeVar("Filter", StudentFilter, AccountFilter)

# What a filter's field is called in the address. The text is not there: it may be a name or an e-mail address.
IN_ADDRESS = {
    "user_types": "type",
    "states": "state",
    "section_ids": "section",
    "grades": "grade",
    "statuses": "status",
    "roles": "role",
    "in_period": "in_period",
    "invitable": "invitable",
    "active": "active",
    "verified": "verified",
    "login": "login",
}
YES_NO: Mapping[Any, str] = {None: "All", True: "Yes", False: "No"}


@dataclass(frozen=True)
class Choice:
    """One question of a filter. `many`: several answers may be ticked; else the first option means any."""

    field: str
    label: str
    options: Mapping[Any, str]
    many: bool = True


def ask(name: str, kind: type[Filter], *, placeholder: str, main: Sequence[Choice], more: Sequence[Choice]) -> Filter:
    """Draw the form and give what the latest Search, or the address, asked for."""
    asked = _asked(name, kind)
    version = st.session_state.setdefault(f"{name}.version", 0)
    with st.form(f"{name}.filter.{version}", border=False):
        columns = st.columns([2.6, *[1.9] * len(main), 1.3, 1.2], vertical_alignment="bottom")
        with columns[0]:
            text = st.text_input("Search for", asked.text, placeholder=placeholder, max_chars=100)
        answers = {
            choice.field: _draw(choice, asked, column) for choice, column in zip(main, columns[1:-2], strict=True)
        }
        searched = columns[-2].form_submit_button("Search", type="primary", width="stretch")
        cleared = columns[-1].form_submit_button("Clear", width="stretch")
        hidden = any(getattr(asked, choice.field) not in ("", (), None) for choice in more)
        with st.expander("More filters", expanded=hidden):
            columns = st.columns(max(len(more), 3))
            answers |= {
                choice.field: _draw(choice, asked, column) for choice, column in zip(more, columns, strict=False)
            }
    if searched or cleared:
        _remember(name, kind.from_json({"text": text.strip(), **answers}) if searched else kind())
        st.rerun()
    return asked


def chips(asked: StudentFilter | AccountFilter, choices: Sequence[Choice]) -> list[str]:
    """What is asked for, as one short line per answer."""
    lines = [f"“{asked.text}”"] if asked.text else []
    for choice in choices:
        answer = getattr(asked, choice.field)
        values = answer if isinstance(answer, tuple) else (answer,)
        named = [choice.options.get(value, str(value)) for value in values if value not in ("", None)]
        if named:
            lines.append(f"{choice.label}: {', '.join(named)}")
    return lines


def _draw(choice: Choice, asked: StudentFilter | AccountFilter, column: Any) -> Any:
    now, options = getattr(asked, choice.field), list(choice.options)
    if choice.many:
        default = [value for value in now if value in choice.options]
        return column.multiselect(
            choice.label, options, default, format_func=lambda value: choice.options[value], placeholder="All"
        )
    current = (now[0] if now else options[0]) if isinstance(now, tuple) else now
    index = options.index(current) if current in options else 0
    answer = column.selectbox(choice.label, options, index, format_func=lambda value: choice.options[value])
    return ([answer] if answer else []) if isinstance(now, tuple) else answer


def _asked(name: str, kind: type[Filter]) -> Filter:
    """The address wins when it names something new (a link from a chart); else what was searched last."""
    address = {key: st.query_params.get_all(key) for key in IN_ADDRESS.values() if key in st.query_params}
    if address and address != st.session_state.get(f"{name}.address"):
        _remember(name, kind.from_json(_read(kind, address)))
    asked = st.session_state.get(f"{name}.asked", kind())
    _show_in_address(asked)
    return asked


def _remember(name: str, asked: StudentFilter | AccountFilter) -> None:
    st.session_state[f"{name}.asked"] = asked
    st.session_state[f"{name}.version"] = st.session_state.get(f"{name}.version", 0) + 1
    st.session_state[f"{name}.address"] = _address(asked)
    _show_in_address(asked)


def _show_in_address(asked: StudentFilter | AccountFilter) -> None:
    wanted = _address(asked)
    if {key: st.query_params.get_all(key) for key in st.query_params} != wanted:
        st.query_params.from_dict(wanted)


def _address(asked: StudentFilter | AccountFilter) -> dict[str, list[str]]:
    stored = asked.as_json()
    listed = {IN_ADDRESS[field]: value for field, value in stored.items() if field in IN_ADDRESS}
    return {
        key: [str(part) for part in (value if isinstance(value, list) else [value])] for key, value in listed.items()
    }


def _read(kind: type[Filter], address: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Texts of the address as values; what the filter cannot use, it leaves out itself."""
    read: dict[str, Any] = {}
    for field in kind.__dataclass_fields__:
        texts = address.get(IN_ADDRESS.get(field, ""), ())
        if not texts:
            continue
        if field == "section_ids":
            read[field] = [int(text) for text in texts if text.isdecimal() and len(text) < 10]
        elif field in ("active", "verified", "in_period", "invitable"):
            read[field] = {"True": True, "False": False}.get(texts[0])
        else:
            read[field] = texts[0] if field == "login" else list(texts)
    return read
