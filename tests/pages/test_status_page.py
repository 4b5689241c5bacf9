"""Account status as people use it: filters in the address, tables with links, what needs them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import database
from core.models import Account, Enrolment, Person, PersonKind
from core.rules.account_state import AccountState
from core.tables import options, status, status_charts, status_people
from core.tables.filters import AccountFilter, StatusFilter, StudentFilter
from core.tables.status import Mark
from core.tables.status_charts import Chart
from pages.shared import chart_theme, status_chart, status_figures
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import everything_said
from tests.tables.test_status import fill


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


def _metrics(page: object) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}  # type: ignore[attr-defined]


def test_the_page_opens_with_the_numbers_of_ones_own_students(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        db.get_one(Account, cast.otto.account.id).delivery = "failed"
        db.get_one(Account, cast.otto.account.id).delivery_reason = "bounced"
    office = open_screen(cast.olga.actor)
    assert not office.exception
    assert _metrics(office)["Failed"] == "1"
    assert "1 address bounced." in everything_said(office)
    tom = open_screen(cast.tom.actor)
    assert not tom.exception
    assert _metrics(tom)["Failed"] == "0"
    assert "All is well: nothing waits for you." in everything_said(tom)
    assert "8A" not in everything_said(tom)


def _one(value: str | list[str]) -> str:
    """AppTest gives what the test put there as it is, and what the page put there as a list."""
    return value if isinstance(value, str) else value[0]


def test_a_filter_in_the_address_is_asked_and_stays_there(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "status.py", type="guardian", grade="7", section=str(cast.class_7b.id))
    assert not page.exception
    assert "1 account in all" in everything_said(page)
    page.selectbox(key="status.user_type").select("student").run()
    assert "2 students in all" in everything_said(page)
    assert [_one(page.query_params[name]) for name in ("type", "grade")] == ["student", "7"]


CHART = Chart(
    name="classes",
    title="By class",
    meaning="",
    kind="stack",
    rows=("7B", "<b>8A</b>"),
    series=("signed_in", "bounced"),
    marks=(
        Mark("7B", "signed_in", 3, StudentFilter(states=("signed_in",), section_ids=(7,))),
        Mark("<b>8A</b>", "bounced", 1, AccountFilter(states=("bounced",), section_ids=(8,))),
    ),
    shares=(1.0, 0.0),
)


def test_every_count_of_a_table_is_a_link_to_its_list_and_names_are_no_html() -> None:
    table = status_chart._table(CHART)
    assert '<a href="/students?section=7&amp;state=signed_in&amp;from=1">3</a>' in table
    assert '<a href="/accounts?state=bounced&amp;section=8&amp;from=1">1</a>' in table
    assert table.count("<td>–</td>") == 2  # beside others, nobody is a dash and no link
    assert "<b>" not in table
    assert "&lt;b&gt;8A" in table


def test_a_click_opens_the_mark_that_was_clicked_and_made_up_places_open_nothing() -> None:
    assert status_chart._mark(CHART, {"curve_number": 0, "point_index": 0}) is CHART.marks[0]
    assert status_chart._mark(CHART, {"curve_number": 1, "point_index": 1}) is CHART.marks[1]
    for series, row in ((0, 1), (5, 0), (0, -1), ("0", 0), (None, None)):
        assert status_chart._mark(CHART, {"curve_number": series, "point_index": row}) is None


def test_a_chart_is_told_in_a_sentence() -> None:
    assert status_figures.alternative(CHART) == "Bars, By class: 7B 3, 100% signed in; <b>8A</b> 1, 0% signed in."
    days = [Mark(f"2026-11-{day:02}", "Invited", number, StudentFilter()) for day, number in ((1, 2), (2, 9), (3, 1))]
    marks = (*days, *(replace(mark, series="Verified", number=0) for mark in days))
    rows, series = tuple(mark.row for mark in days), ("Invited", "Verified")
    lines = replace(CHART, title="Day by day", kind="lines", rows=rows, series=series, marks=marks, shares=())
    assert status_figures.alternative(lines) == (
        "Lines, Day by day: Invited 12 in all, most on 2 Nov: 9; Verified 0 in all."
    )
    one = replace(CHART, title="States", rows=("",), shares=(), marks=(replace(CHART.marks[0], row=""),))
    assert status_figures.alternative(one) == "Bars, States: Signed in 3."


def test_every_chart_has_a_sentence_a_table_with_a_link_for_each_number_and_a_picture(cast: Cast) -> None:
    fill(cast, Random(2))
    with database.reading() as db:
        people = status_people.read(db, cast.olga.actor, user_type="all")
        sections = options.sections(db, cast.olga.actor)
        found = status.ask(db, cast.olga.actor, people=people, filter=StatusFilter(user_type="all"), sections=sections)
    charts = [draw(found) for draw in status_charts.DRAWN]
    charts.append(status_charts.classes(found, order="name", first=0, most=20)[0])
    assert len(charts) == 9
    for chart in charts:
        numbers = [mark for mark in chart.marks if mark.number]
        assert numbers, chart.name
        assert status_chart._table(chart).count("<a href=") == len(numbers), chart.name
        assert chart.title in status_figures.alternative(chart)
        assert chart_theme.config(chart.title)["toImageButtonOptions"]["filename"] == chart.title
        assert [len(line) for line in status_figures.traces(chart)] == [len(chart.rows)] * len(chart.series)


def test_states_are_told_apart_without_colour() -> None:
    assert set(chart_theme.PATTERNS) == set(AccountState)
    drawn = status_figures.figure(CHART)
    assert [trace.marker.pattern.shape for trace in drawn.data] == [None, "|"]
    assert [trace.name for trace in drawn.data] == ["Signed in", "Bounced"]


LONG = "The owner of the number wants no messages"


def test_a_long_name_is_broken_into_lines_and_the_bar_keeps_its_thickness() -> None:
    marks = (Mark(LONG, "", 2, StudentFilter()), Mark("Neither", "", 1, StudentFilter()))
    long = replace(CHART, kind="bars", rows=(LONG, "Neither"), series=("",), marks=marks, shares=())
    short = replace(long, rows=("Both", "Neither"), marks=(replace(marks[0], row="Both"), marks[1]))
    drawn, usual = (status_figures.figure(chart) for chart in (long, short))
    assert drawn.data[0].y[0].split("<br>") == ["The owner of the number  ", "wants no messages  "]
    thickness = [figure.data[0].width * figure.layout.height for figure in (drawn, usual)]
    assert abs(thickness[0] - thickness[1]) < 10


def test_states_stand_beneath_one_another_and_a_single_grade_keeps_its_name() -> None:
    marks = tuple(replace(mark, row="") for mark in CHART.marks)
    table = status_chart._table(replace(CHART, name="states", rows=("",), marks=marks, shares=()))
    assert table.count("<tr>") == 3 and '<th scope="row">Bounced</th>' in table
    one = replace(CHART, rows=("7B",), marks=CHART.marks[:1], shares=(1.0,))
    assert status_figures.figure(one).layout.yaxis.visible


def test_a_day_with_few_people_has_no_halves_of_them_beside_it() -> None:
    marks = (Mark("2026-11-01", "Invited", 2, StudentFilter()),)
    days = replace(CHART, kind="lines", rows=("2026-11-01",), series=("Invited",), marks=marks, shares=())
    assert status_figures.figure(days).layout.yaxis.dtick == 1
    busy = replace(days, marks=(replace(marks[0], number=40),))
    assert status_figures.figure(busy).layout.yaxis.dtick is None


def test_a_school_without_students_is_told_what_belongs_here_and_a_narrow_filter_to_be_wider(
    open_screen: screens.Open, cast: Cast
) -> None:
    narrow = open_screen(cast.olga.actor, "status.py", grade="7", section=str(cast.class_8a.id))
    assert "Nobody matches." in everything_said(narrow) and not narrow.metric
    with database.transaction() as db:
        db.execute(sa.delete(Enrolment))
        db.execute(sa.update(Person).where(col(Person.kind) == PersonKind.STUDENT).values(kind=PersonKind.STAFF))
    page = open_screen(cast.olga.actor)
    assert not page.exception
    assert "No students yet" in everything_said(page) and "Import your students" in everything_said(page)
    assert not page.metric
