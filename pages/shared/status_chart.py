"""A chart of Account status with its table beneath: each bar, point and count opens the list behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from html import escape
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from core.tables.filters import StudentFilter
from core.tables.status import ListFilter, Mark
from core.tables.status_charts import Chart
from pages.shared import chart_theme, filter_address, status_figures

TABLE = (
    '<div class="firstkey-numbers" tabindex="0" role="region" aria-label="{label}"><table>{head}{rows}</table></div>'
)
STYLE = """
<style>
.firstkey-numbers { overflow-x: auto; }
.firstkey-numbers table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
.firstkey-numbers th, .firstkey-numbers td { padding: .2rem .7rem .2rem 0; text-align: right; white-space: nowrap;
  border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); font-weight: 400; }
.firstkey-numbers th:first-child { text-align: left; white-space: normal; min-width: 4.5rem; }
.firstkey-numbers thead th { font-weight: 600; white-space: normal; vertical-align: bottom; line-height: 1.25; }
.firstkey-numbers a { color: inherit; text-decoration: underline; text-underline-offset: 2px; }
@media (max-width: 1100px) {
  .firstkey-numbers table { font-size: .8125rem; }
  .firstkey-numbers thead th { font-size: .75rem; }
  .firstkey-numbers th, .firstkey-numbers td { padding-right: .3rem; }
}
</style>
"""
LISTS = {StudentFilter: ("students.py", "/students")}
OTHERS = ("accounts.py", "/accounts")


def draw(chart: Chart, *, about: str, beside: Callable[[], None] | None = None) -> None:
    """`about` names what is asked: another question is another widget. `beside` its title stands what orders it."""
    with st.container(border=True, height="stretch", key=f"chart-{chart.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(chart.title, anchor=False, width="stretch")
            if beside:
                beside()
        st.caption(chart.meaning)
        if chart.is_empty:
            st.write("Nobody, so far.")
            return
        _figure(chart, about)
        table = st.expander("As a table", key=f"status.table.{chart.name}", on_change="rerun")
        with table:
            if table.open:
                st.html(_table(chart))


def open_list(behind: ListFilter) -> None:
    """Go to the list that shows these people and nobody else."""
    st.switch_page(LISTS.get(type(behind), OTHERS)[0], query_params=query(behind))


def query(behind: ListFilter) -> dict[str, Any]:
    """The list's filter in its address."""
    return filter_address.link(filter_address.of(behind))


def page(behind: ListFilter) -> str:
    """The page of that list."""
    return LISTS.get(type(behind), OTHERS)[0]


def _figure(chart: Chart, about: str) -> None:
    event = st.plotly_chart(
        status_figures.figure(chart),
        key=f"status.{chart.name}.{about}",
        on_select="rerun",
        selection_mode="points",
        config=chart_theme.config(chart.title),
        alt=status_figures.alternative(chart),
    )
    if (points := event["selection"]["points"]) and (mark := _mark(chart, points[0])):
        open_list(mark.behind)


def _mark(chart: Chart, point: dict[str, Any]) -> Mark | None:
    """What was clicked; the browser names places, and only known ones count."""
    traces = status_figures.traces(chart)
    series, row = point.get("curve_number"), point.get("point_index")
    if not isinstance(series, int) or not isinstance(row, int):
        return None
    if not (0 <= series < len(traces) and 0 <= row < len(traces[series])):
        return None
    return traces[series][row]


def _table(chart: Chart) -> str:
    """Rows as the chart has them, a column per series; every number is a link. Beside others, nobody is a dash."""
    traces = status_figures.traces(chart)
    if chart.name == "states":
        return _of_states(chart)
    names = [status_figures.label(series) or "People" for series in chart.series]
    share = ["Share signed in"] if chart.shares else []
    heads = ["", *share, *names]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    rows = "".join(_row(chart, place, [line[place] for line in traces]) for place in _places(chart))
    return STYLE + TABLE.format(label=escape(chart.title), head=f"<thead><tr>{head}</tr></thead>", rows=rows)


def _of_states(chart: Chart) -> str:
    """One bar has one number of each state: they stand beneath one another."""
    marks = [line[0] for line in status_figures.traces(chart)]
    head = '<thead><tr><th scope="col"></th><th scope="col">People</th></tr></thead>'
    rows = "".join(
        f'<tr><th scope="row">{escape(status_figures.label(mark.series))}</th>{_cell(mark)}</tr>'
        for mark in marks
        if mark
    )
    return STYLE + TABLE.format(label=escape(chart.title), head=head, rows=rows)


def _places(chart: Chart) -> Iterator[int]:
    """All rows; of the days, the latest first, and only those on which something happened."""
    if chart.kind != "lines":
        yield from range(len(chart.rows))
        return
    busy = {mark.row for mark in chart.marks if mark.number}
    yield from (place for place in reversed(range(len(chart.rows))) if chart.rows[place] in busy)


def _row(chart: Chart, place: int, marks: list[Mark | None]) -> str:
    row = chart.rows[place]
    name = f"{date.fromisoformat(row):%-d %b %Y}" if chart.kind == "lines" else row or "All"
    share = f"<td>{chart.shares[place]:.0%}</td>" if chart.shares else ""
    none = "–" if len(marks) > 1 else "0"
    cells = "".join(_cell(mark) if mark and mark.number else f"<td>{none}</td>" for mark in marks)
    return f'<tr><th scope="row">{escape(name)}</th>{share}{cells}</tr>'


def _cell(mark: Mark) -> str:
    address = f"{LISTS.get(type(mark.behind), OTHERS)[1]}?{urlencode(query(mark.behind), doseq=True)}"
    return f'<td><a href="{escape(address)}">{mark.number:,}</a></td>'
