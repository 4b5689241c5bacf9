"""The PDF of Account status says which year and whom it counts."""

from __future__ import annotations

import pytest

from core import database
from core.services import status_papers
from core.tables import status_charts
from core.tables.filters import StatusFilter
from tests import cast as make
from tests.cast import Cast

pytestmark = pytest.mark.both_databases


def _head(cast: Cast, asked: StatusFilter) -> tuple[str, str]:
    with database.transaction() as db:
        head = status_papers.prepare(db, cast.cora.actor, filter=asked).paper.head
    return head.period, head.scope


def test_the_paper_names_the_year_that_was_asked_for_and_not_the_present_one(cast: Cast) -> None:
    with database.transaction() as db:
        past = make.period(db, title="2019-2020", is_current=False)
    assert _head(cast, StatusFilter(period_id=past.id)) == ("Academic period 2019-2020", "Students: 0 students")
    assert _head(cast, StatusFilter(period_id=cast.period.id))[0] == f"Academic period {cast.period.title}"
    assert _head(cast, StatusFilter()) == ("All academic years", "Students: 2 students")


def test_states_that_may_stand_side_by_side_are_told_apart_in_grey() -> None:
    hatches = [status_papers.HATCHES.get(state, 0) for state in status_charts.IN_ORDER]
    for place in range(len(hatches) - 3):
        assert len(set(hatches[place : place + 4])) == 4, status_charts.IN_ORDER[place]
