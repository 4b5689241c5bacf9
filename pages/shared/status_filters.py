"""Whom Account status is about: the filters on top, kept in the address of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import words
from core.tables import options
from core.tables.filters import StatusFilter
from core.tables.status_rows import EVERYBODY
from pages.shared import cells, class_options, feedback, filters
from pages.shared.questions import Choice

NAME = "status"


def asked() -> StatusFilter:
    """What the address says, else what was asked last."""
    filters.take_up(NAME, StatusFilter)
    return filters.asked(NAME, StatusFilter)


def draw(actor: Actor, asked: StatusFilter) -> None:
    """One line of questions; each answer counts at once."""
    with database.reading() as db:
        years = {None: "All years", **options.periods(db)}
    sections = class_options.of(actor, period_id=asked.period_id, asked=asked.section_ids)
    with st.container(horizontal=True, vertical_alignment="bottom", key="status-filters"):
        if actor.may(Permission.SEE_ACCOUNTS):
            types = {**cells.named(words.USER_TYPES), EVERYBODY: "All user types"}
            _one("user_type", "User Type", types, asked)
        _one("period_id", "Academic year", years, asked)
        _many("grades", "Grade", cells.as_they_are(class_options.grades(actor)), asked)
        _many("section_ids", "Class", sections, asked)


def _one(field: str, label: str, offered: Mapping[Any, str], asked: StatusFilter) -> None:
    now = getattr(asked, field)
    known = list(offered) if now in offered else [*offered, now]
    st.session_state[_key(field)] = now
    st.selectbox(
        label,
        known,
        format_func=lambda one: offered.get(one, str(one)),
        key=_key(field),
        placeholder=offered.get(None, ""),
        width=190,
        **_then(field, asked),
    )


def _many(field: str, label: str, offered: Mapping[Any, str], asked: StatusFilter) -> None:
    """Of very many classes the name is typed: the browser need not hold them all."""
    choice, now = Choice(field, label, offered), list(getattr(asked, field))
    typed: dict[str, Any] = {"placeholder": "All"}
    if choice.is_typed:
        typed = {"placeholder": "Type a name", "accept_new_options": True}
    known = list(dict.fromkeys([*([] if choice.is_typed else offered), *now]))
    st.session_state[_key(field)] = now
    st.multiselect(
        label, known, format_func=choice.name_of, key=_key(field), width=240, **typed, **_then(field, asked, choice)
    )


def _then(field: str, asked: StatusFilter, choice: Choice | None = None) -> dict[str, Any]:
    return {"on_change": _changed, "args": (field, asked, choice)}


def _changed(field: str, asked: StatusFilter, choice: Choice | None) -> None:
    answer = st.session_state[_key(field)]
    with feedback.refusals_later():
        meant = tuple(choice.meant(answer)) if choice else answer
        filters.remember(NAME, replace(asked, **{field: meant}))


def _key(field: str) -> str:
    return f"{NAME}.{field}"
