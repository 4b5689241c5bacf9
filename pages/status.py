"""Account status: how the accounts stand, whom to chase, and what needs a person. Every number opens its list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from core.models import UserType
from core.permissions import Actor, Permission
from core.rules.headlines import WORDS
from core.tables import status, status_charts
from core.tables.filters import StatusFilter
from core.tables.status import Asked, HeadlineNumber
from core.tables.status_charts import Chart
from pages.shared import (
    css,
    empty,
    feedback,
    guard,
    needs_you,
    status_chart,
    status_classes,
    status_filters,
    status_numbers,
    status_paper,
)

STYLE = """
<style>
.st-key-status-filters { padding-bottom: .25rem; }
.st-key-status-numbers [data-testid="stMetricValue"] { font-size: 1.9rem; font-variant-numeric: tabular-nums; }
.st-key-status-numbers [data-testid="stMetricLabel"] * { white-space: normal; overflow: visible; }
@media (max-width: 1100px) {
  .st-key-status-numbers [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  .st-key-status-numbers [data-testid="stColumn"] { flex: 1 1 40%; min-width: 40%; }
}
@media print {
  .stSidebar, [data-testid="stHeader"], .st-key-status-filters button { display: none !important; }
  [class*="st-key-chart-"] { break-inside: avoid; }
}
</style>
"""


def _head(actor: Actor, asked: StatusFilter) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="status-head"):
        st.title("Account status", width="content")
        st.space("stretch")
        status_paper.draw(actor, asked)


def _headlines(found: Asked) -> None:
    """The four numbers, each with what it was a week ago."""
    number, behind = status.total(found)
    noun = ("student" if found.people.of_list else "account") + ("" if number == 1 else "s")
    with st.container(horizontal=True, key="status-total"):
        st.page_link(
            status_chart.page(behind), label=f"{number:,} {noun} in all", query_params=status_chart.query(behind)
        )
    with st.container(key="status-numbers"):
        for column, one in zip(st.columns(4), status.headlines(found), strict=True):
            with column:
                _headline(one)


def _headline(one: HeadlineNumber) -> None:
    said, change = WORDS[one.headline], one.number - one.before
    colour = "normal" if said.more_is_better else "off" if one.headline == "waiting" else "inverse"
    with st.container(border=True):
        st.metric(
            said.label,
            f"{one.number:,}",
            f"{change:+,}" if change else "0",
            delta_color=colour if change else "off",
            delta_arrow="auto" if change else "off",
            delta_description="in 7 days",
            help=said.meaning,
        )
        st.page_link(
            status_chart.page(one.behind),
            label=f"Show these {one.number:,}" if one.number else "Nobody",
            query_params=status_chart.query(one.behind),
            disabled=not one.number,
        )


def _nobody(actor: Actor, asked: StatusFilter) -> None:
    """Nothing to count: what belongs here and the first step, or which answer is too narrow."""
    with st.container(border=True):
        if replace(asked, user_type=UserType.STUDENT) != StatusFilter():
            st.subheader("Nobody matches.", anchor=False)
            st.write("Take the class, the grade or the academic year out of the filter above.")
        elif asked.user_type == UserType.STUDENT:
            empty.no_students(actor)
        else:
            empty.no_accounts(actor)


def _charts(found: Asked, about: str) -> None:
    _pair(found, about, status_charts.funnel, status_charts.days)
    status_chart.draw(status_charts.grades(found), about=about)
    status_classes.draw(found, about=about)
    _pair(found, about, status_charts.ageing, status_charts.addresses)
    _pair(found, about, status_charts.channels, status_charts.failures)


def _pair(found: Asked, about: str, *draw: Callable[[Asked], Chart]) -> None:
    for column, chart in zip(st.columns(2), draw, strict=True):
        with column:
            status_chart.draw(chart(found), about=about)


actor = guard.require(Permission.SEE_STATUS)
st.html(css.compact(STYLE))
asked = status_filters.asked()
_head(actor, asked)
feedback.said()
status_filters.draw(actor, asked)
with feedback.refusals_shown():
    found = status_numbers.ask(actor, asked)
about = repr(asked.as_json())
somebody = found.count(True) > 0
numbers, needs = st.columns([2.6, 1], gap="medium")
with numbers:
    if somebody:
        _headlines(found)
        status_chart.draw(status_charts.states(found), about=about)
    else:
        _nobody(actor, asked)
with needs:
    needs_you.draw(actor)
if somebody:
    _charts(found, about)
