"""The filter of a list in the address of the page, so that links can be kept. Not the text: it may be a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar, get_args, get_type_hints

import streamlit as st

from core.tables.filters import AccountFilter, StatusFilter, StudentFilter

AnyFilter = StudentFilter | AccountFilter | StatusFilter
Filter = TypeVar("Filter", StudentFilter, AccountFilter, StatusFilter)
Address = dict[str, list[str]]

# Fields whose name in the address is another one; all others but the text stand there under their own.
_NAMES = {
    "user_type": "type",
    "user_types": "type",
    "states": "state",
    "section_ids": "section",
    "grades": "grade",
    "statuses": "status",
    "programmes": "programme",
    "languages": "language",
    "roles": "role",
    "deliveries": "delivery",
    "sign_in_methods": "sign_in",
    "period_id": "period",
}
_LINK = "from"
_TRUTHS = {"True": True, "False": False}


def of(asked: AnyFilter) -> Address:
    """The filter as it stands in the address."""
    stored = {name: value for name, value in asked.as_json().items() if name != "text"}
    return {
        _NAMES.get(name, name): [str(part) for part in (value if isinstance(value, list) else [value])]
        for name, value in stored.items()
    }


def link(query: Mapping[str, Any]) -> dict[str, Any]:
    """The address of a link of ours to a list: it asks this and nothing else, whatever was searched there before."""
    return {**query, _LINK: "1"}


def came_by_link() -> bool:
    """Whether this page was opened by such a link; `show` takes the mark out of the address."""
    return _LINK in st.query_params


def present(kind: type[Filter]) -> Address:
    """What of the address of this page is about the filter."""
    known = [_NAMES.get(field.name, field.name) for field in fields(kind) if field.name != "text"]
    return {name: st.query_params.get_all(name) for name in known if name in st.query_params}


def read(kind: type[Filter], address: Mapping[str, Sequence[str]]) -> Filter:
    """The filter that an address means; what it cannot use, it leaves out."""
    hints = get_type_hints(kind)
    texts = {field.name: address.get(_NAMES.get(field.name, field.name), ()) for field in fields(kind)}
    return kind.from_json({name: _value(hints[name], given) for name, given in texts.items() if given})


def show(asked: AnyFilter) -> None:
    """Put the filter into the address."""
    wanted = of(asked)
    if {name: st.query_params.get_all(name) for name in st.query_params} != wanted:
        st.query_params.from_dict(wanted)


def _value(hint: Any, texts: Sequence[str]) -> Any:
    inner = get_args(hint)
    if int in inner and Ellipsis in inner:
        return [int(text) for text in texts if _is_number(text)]
    if Ellipsis in inner:
        return list(texts)
    if bool in inner:
        return _TRUTHS.get(texts[0])
    if int in inner:
        return int(texts[0]) if _is_number(texts[0]) else None
    return texts[0]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10
