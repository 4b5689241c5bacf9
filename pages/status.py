"""Account status: how many accounts are in which state; every number opens the list behind it."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core import database
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.account_state import AccountState
from core.tables import status
from core.tables.filters import AccountFilter
from pages.shared import cells, class_options, feedback, filter_address, guard

STUDENT = "student"


def _asked(actor: Actor) -> AccountFilter:
    """The filter on top; whoever sees no accounts sees the students' numbers only."""
    sections = class_options.of(actor)
    types = {"": "All user types", **cells.named(words.USER_TYPE)} if actor.may(Permission.SEE_ACCOUNTS) else {}
    with st.container(horizontal=True):
        user_type = st.selectbox(
            "User Type", list(types) or [STUDENT], format_func=lambda key: types.get(key, "Student"), width=240
        )
        chosen = st.multiselect("Class", list(sections), format_func=sections.__getitem__, placeholder="All", width=420)
    return AccountFilter(user_types=(user_type,) if user_type else (), section_ids=tuple(chosen))


def _chart(counts: dict[AccountState, int]) -> go.Figure:
    states = list(reversed(counts))
    said = [words.ACCOUNT_STATE[state] for state in states]
    bars = go.Bar(
        x=list(counts.values())[::-1],
        y=[word.label for word in said],
        orientation="h",
        marker_color=[word.colour for word in said],
        text=[f"{counts[state]:,}" for state in states],
        textposition="outside",
        textfont_size=14,
        cliponaxis=False,
        customdata=[state.value for state in states],
        hovertemplate="%{y}: %{x:,}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_layout(height=34 * len(states) + 40, margin={"l": 10, "r": 70, "t": 10, "b": 10}, bargap=0.35)
    figure.update_layout(dragmode=False, clickmode="event+select", showlegend=False)
    figure.update_xaxes(visible=False, rangemode="tozero", fixedrange=True)
    figure.update_yaxes(fixedrange=True, ticks="", tickfont_size=14, ticksuffix="  ", automargin=True)
    return figure


def _target(actor: Actor, asked: AccountFilter, state: AccountState) -> tuple[str, dict[str, Any]]:
    """The list behind a number, and the address that filters it."""
    query: dict[str, Any] = {"state": state.value}
    if asked.section_ids:
        query["section"] = [str(section_id) for section_id in asked.section_ids]
    if state is AccountState.NO_ACCOUNT or not actor.may(Permission.SEE_ACCOUNTS):
        return "students.py", filter_address.link(query)
    return "accounts.py", filter_address.link(query | ({"type": asked.user_types[0]} if asked.user_types else {}))


def _draw(actor: Actor, asked: AccountFilter, counts: dict[AccountState, int]) -> None:
    summary = ", ".join(f"{words.ACCOUNT_STATE[state].label} {number:,}" for state, number in counts.items())
    config = {"displayModeBar": False}
    key = f"status.{asked.as_json()}"
    event = st.plotly_chart(
        _chart(counts), key=key, on_select="rerun", selection_mode="points", config=config, alt=f"Bars: {summary}"
    )
    if points := event["selection"]["points"]:
        place = points[0].get("point_index", -1)
        if 0 <= place < len(counts):
            page, query = _target(actor, asked, list(reversed(counts))[place])
            st.switch_page(page, query_params=query)


def _table(actor: Actor, asked: AccountFilter, counts: dict[AccountState, int]) -> None:
    for state, number in counts.items():
        said, (page, query) = words.ACCOUNT_STATE[state], _target(actor, asked, state)
        name, meaning, count = st.columns([2, 5, 1], vertical_alignment="center")
        name.markdown(f":material/{said.icon}: {said.label}")
        meaning.caption(said.meaning)
        count.page_link(page, label=f"{number:,}", query_params=query, help=f"Open: {said.label}")


actor = guard.require(Permission.SEE_STATUS)
st.title("Account status")
feedback.said()
asked = _asked(actor)
with feedback.refusals_shown(), database.reading() as db:
    counts = status.by_state(db, actor, filter=asked)
st.metric("Accounts", f"{sum(number for state, number in counts.items() if state is not AccountState.NO_ACCOUNT):,}")
_draw(actor, asked, counts)
_table(actor, asked, counts)
