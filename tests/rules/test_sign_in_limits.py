"""How long sessions live and accounts wait."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.models import SchoolSettings
from core.permissions import Role
from core.rules import sign_in_limits


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (11, 1920), (12, 3600), (99, 3600)]
)
def test_r08_waits_begin_with_the_fifth_failure_and_double_up_to_an_hour(failures: int, seconds: int) -> None:
    assert sign_in_limits.wait_after(failures) == timedelta(seconds=seconds)


def test_r36_administrators_are_signed_out_sooner() -> None:
    school = SchoolSettings()
    administrator, student = {Role.ADMINISTRATOR, Role.TEACHER}, {Role.STUDENT}
    assert (sign_in_limits.idle(school, administrator), sign_in_limits.absolute(school, administrator)) == (
        timedelta(minutes=15),
        timedelta(hours=8),
    )
    assert (sign_in_limits.idle(school, student), sign_in_limits.absolute(school, student)) == (
        timedelta(minutes=30),
        timedelta(hours=12),
    )
