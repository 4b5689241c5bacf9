"""A chart of Account status as Plotly draws it. Its traces are the series and their points the rows, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from textwrap import wrap

import plotly.graph_objects as go

from core.rules import words
from core.rules.account_state import AccountState
from core.tables.status import Mark
from core.tables.status_charts import Chart
from pages.shared import chart_theme

SEEN_AT_LEAST = 0.045  # the part of the widest bar in which a number can be read
NAME_LETTERS = 26  # a longer name is broken: beside it, the bar would have no room in half of a narrow page


def figure(chart: Chart) -> go.Figure:
    """The chart in its kind."""
    return {"stack": _stack, "bars": _bars, "lines": _lines}[chart.kind](chart)


def traces(chart: Chart) -> list[list[Mark | None]]:
    """The marks as they are drawn: one line per series, in it one place per row."""
    known = {(mark.series, mark.row): mark for mark in chart.marks}
    return [[known.get((series, row)) for row in chart.rows] for series in chart.series]


def label(series: str) -> str:
    """A series in words: states have theirs."""
    return words.ACCOUNT_STATE[AccountState(series)].label if series in set(AccountState) else series


def alternative(chart: Chart) -> str:
    """The chart in a sentence with its numbers, for whoever does not see it."""
    kind = "Lines" if chart.kind == "lines" else "Bars"
    return f"{kind}, {chart.title}: {'; '.join(_told(chart))}."


def _told(chart: Chart) -> Iterator[str]:
    if chart.kind == "lines":
        yield from (_told_line(series, chart) for series in chart.series)
    elif chart.shares:
        for row, share in zip(chart.rows, chart.shares, strict=True):
            number = sum(mark.number for mark in chart.marks if mark.row == row)
            yield f"{row} {number:,}, {share:.0%} signed in"
    else:
        yield from (f"{mark.row or label(mark.series)} {mark.number:,}" for mark in chart.marks)


def _told_line(series: str, chart: Chart) -> str:
    """How many in all, and the day with the most."""
    marks = [mark for mark in chart.marks if mark.series == series]
    busiest = max(marks, key=lambda mark: mark.number)
    day = date.fromisoformat(busiest.row)
    most = f", most on {day:%-d %b}: {busiest.number:,}" if busiest.number else ""
    return f"{series} {sum(mark.number for mark in marks):,} in all{most}"


def _stack(chart: Chart) -> go.Figure:
    drawn, names = go.Figure(), _names(chart)
    widest = max((sum(m.number for m in chart.marks if m.row == row) for row in chart.rows), default=0)
    for series, marks in zip(chart.series, traces(chart), strict=True):
        look = chart_theme.state_bar(series)
        numbers = [mark.number if mark else 0 for mark in marks]
        drawn.add_bar(
            x=numbers,
            y=names,
            name=label(series),
            orientation="h",
            marker=look,
            text=[f"{number:,}" if number > widest * SEEN_AT_LEAST else "" for number in numbers],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": chart_theme.ink_on(look["color"]), "size": 13},
            hovertemplate="%{y} " + label(series) + ": %{x:,}<extra></extra>",
        )
    drawn.update_layout(barmode="stack")
    drawn.update_yaxes(autorange="reversed", type="category", tickfont_size=13, visible=any(chart.rows))
    drawn.update_xaxes(visible=False)
    lines = 1 + len(chart.series) // 3  # of the legend, where the page is narrow
    height = chart_theme.ROW_PX * max(len(names), 2) + chart_theme.AROUND_PX + chart_theme.LEGEND_PX * lines
    return chart_theme.lay_out(drawn, height=height, legend=True)


def _names(chart: Chart) -> list[str]:
    """Each row with the share that has signed in."""
    if not chart.shares:
        return list(chart.rows)
    return [f"{row}  {share:.0%}  " for row, share in zip(chart.rows, chart.shares, strict=True)]


def _bars(chart: Chart) -> go.Figure:
    numbers, names = [mark.number for mark in chart.marks], [wrap(row, NAME_LETTERS) for row in chart.rows]
    row = chart_theme.LINE_PX * (max(map(len, names)) - 1) + chart_theme.ROW_PX
    drawn = go.Figure(
        go.Bar(
            x=numbers,
            y=["  <br>".join(lines) + "  " for lines in names],
            orientation="h",
            width=0.7 * chart_theme.ROW_PX / row,
            marker={"color": chart_theme.ACCENT, "line": {"width": 0}},
            text=[f"{number:,}{_of_first(chart, number, numbers)}" for number in numbers],
            textposition="outside",
            textfont_size=13,
            cliponaxis=False,
            hovertemplate="%{y}: %{x:,}<extra></extra>",
        )
    )
    drawn.update_yaxes(autorange="reversed", type="category", tickfont_size=13)
    drawn.update_xaxes(visible=False, range=[0, 1.28 * max([*numbers, 1])])
    height = row * len(numbers) + chart_theme.AROUND_PX + chart_theme.LEGEND_PX
    return chart_theme.lay_out(drawn, height=height, legend=False)


def _of_first(chart: Chart, number: int, numbers: Sequence[int]) -> str:
    """In the funnel, which part of those who began has come so far."""
    return f"  {number / numbers[0]:.0%}" if chart.name == "funnel" and numbers[0] else ""


def _lines(chart: Chart) -> go.Figure:
    drawn = go.Figure()
    for series, marks in zip(chart.series, traces(chart), strict=True):
        look = chart_theme.LINES[series]
        drawn.add_scatter(
            x=list(chart.rows),
            y=[mark.number if mark else 0 for mark in marks],
            name=series,
            mode="lines+markers",
            line={"color": look["color"], "dash": look["dash"], "width": 2},
            marker={"symbol": look["symbol"], "size": 7},
            hovertemplate=series + ", %{x|%-d %b}: %{y:,}<extra></extra>",
        )
    drawn.update_xaxes(type="date", tickformat="%-d %b", nticks=8, showgrid=False)
    few = max(mark.number for mark in chart.marks) < 5  # else Plotly would name half a person
    drawn.update_yaxes(rangemode="tozero", nticks=5, dtick=1 if few else None)
    return chart_theme.lay_out(drawn, height=chart_theme.LINES_PX, legend=True)
