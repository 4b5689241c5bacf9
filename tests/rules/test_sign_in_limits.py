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


@pytest.mark.parametrize(
    ("from_address", "in_all", "seconds"), [(99, 1_999, 0), (100, 0, 5), (0, 2_000, 5), (5_000, 50_000, 5)]
)
def test_r10_from_a_hundred_failures_of_an_address_or_two_thousand_in_all_strangers_wait_five_seconds(
    from_address: int, in_all: int, seconds: int
) -> None:
    assert sign_in_limits.slow_down(from_address=from_address, in_all=in_all) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("from_address", "in_all", "seconds"), [(30, 300, 0), (31, 0, 5), (0, 301, 5), (5_000, 50_000, 5)]
)
def test_r20_r24_from_the_31st_of_an_address_or_the_301st_in_all_whoever_asks_for_a_link_waits(
    from_address: int, in_all: int, seconds: int
) -> None:
    assert sign_in_limits.slow_down_asking(from_address=from_address, in_all=in_all) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("in_all", "usual", "of_staff", "from_address", "told"),
    [
        (200, 0, 20, 99, False),
        (201, 0, 0, 0, True),
        (201, 40, 0, 0, True),
        (201, 41, 0, 0, False),
        (500, 100, 0, 0, False),
        (501, 100, 0, 0, True),
        (21, 100, 21, 0, True),
        (100, 100, 0, 100, True),
    ],
)
def test_r10_r98_administrators_are_told_of_far_more_than_usual_of_staff_and_of_one_address(
    in_all: int, usual: float, of_staff: int, from_address: int, told: bool
) -> None:
    numbers = {"in_all": in_all, "of_staff": of_staff, "from_address": from_address}
    assert sign_in_limits.is_attack(usual=usual, **numbers) is told


@pytest.mark.parametrize(
    ("lately", "in_a_day", "trusted"), [(0, 0, True), (4, 19, True), (5, 5, False), (0, 20, False)]
)
def test_r09_a_known_device_is_trusted_up_to_four_failures_lately_and_nineteen_a_day(
    lately: int, in_a_day: int, trusted: bool
) -> None:
    assert sign_in_limits.is_trusted(lately=lately, in_a_day=in_a_day) is trusted


def test_r08_r39_a_hundred_failures_suspend_and_five_sessions_are_the_most() -> None:
    assert (sign_in_limits.SUSPENDED_AFTER, sign_in_limits.SESSIONS_AT_MOST) == (100, 5)
