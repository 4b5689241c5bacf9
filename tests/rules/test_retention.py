"""From which moment on something has been kept long enough."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules.retention import months_before


@pytest.mark.parametrize(
    ("now", "months", "then"),
    [
        ((2026, 11, 23), 12, (2025, 11, 23)),
        ((2026, 3, 31), 1, (2026, 2, 28)),
        ((2028, 2, 29), 12, (2027, 2, 28)),
        ((2026, 1, 15), 1, (2025, 12, 15)),
        ((2026, 12, 1), 24, (2024, 12, 1)),
    ],
)
def test_months_are_months_of_the_calendar(now: tuple[int, int, int], months: int, then: tuple[int, int, int]) -> None:
    assert months_before(datetime(*now, 3, tzinfo=UTC), months) == datetime(*then, 3, tzinfo=UTC)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(1, 120))
def test_more_months_are_longer_ago_and_none_is_lost(now: datetime, months: int) -> None:
    then = months_before(now, months)
    assert (now.year - then.year) * 12 + now.month - then.month == months
    assert then < months_before(now, months - 1)
