"""How long a session lives, how long an account waits after wrong passwords, and when all slow down (R08-R10)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from core.models.records import SchoolSettings
from core.permissions import Role

FREE_TRIES, SUSPENDED_AFTER, SESSIONS_AT_MOST = 4, 100, 5
_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
WINDOW, SLOW = timedelta(minutes=10), timedelta(seconds=5)
ADDRESS_SLOW_FROM, ALL_SLOW_FROM = 100, 2_000  # failures in a window
ALARM_FROM, ALARM_TIMES_USUAL, ALARM_STAFF_FROM = 200, 5, 20
DEVICE_A_DAY = 20
ASKED_SLOW_FROM_ADDRESS, ASKED_SLOW_IN_ALL = 30, 300  # forgotten passwords in a window
SET_OUT_SLOW_FROM_ADDRESS = 300  # for Microsoft, in a window: a school between two lessons stays below
USE_IS_NOTED_AFTER = timedelta(seconds=20)  # a write per click would be a lock per click


def idle(school: SchoolSettings, roles: Collection[Role]) -> timedelta:
    """How long a session lives without anything a person does."""
    administers = Role.ADMINISTRATOR in roles
    return timedelta(minutes=school.administrator_idle_minutes if administers else school.idle_minutes)


def absolute(school: SchoolSettings, roles: Collection[Role]) -> timedelta:
    """How long a session lives at most."""
    administers = Role.ADMINISTRATOR in roles
    return timedelta(hours=school.administrator_session_hours if administers else school.session_hours)


def wait_after(failures: int) -> timedelta:
    """Four tries are free; from the fifth on 30 seconds, doubling to an hour."""
    over = failures - FREE_TRIES
    return min(_LONGEST_WAIT, _SHORTEST_WAIT * 2 ** min(over - 1, 10)) if over > 0 else timedelta()


def window_of(at: datetime) -> datetime:
    """The beginning of the ten minutes in which something is counted."""
    seconds = int(WINDOW.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)


def slow_down(*, from_address: int, in_all: int) -> timedelta:
    """How long an unknown browser waits before its password is looked at, after so many failures in the window.

    Nobody is turned away: a whole school may stand behind one address.
    """
    return SLOW if from_address >= ADDRESS_SLOW_FROM or in_all >= ALL_SLOW_FROM else timedelta()


def slow_down_asking(*, from_address: int, in_all: int) -> timedelta:
    """How long whoever asks for a link waits for the answer; nobody is turned away here either."""
    slow = from_address > ASKED_SLOW_FROM_ADDRESS or in_all > ASKED_SLOW_IN_ALL
    return SLOW if slow else timedelta()


def slow_down_setting_out(*, from_address: int) -> timedelta:
    """How long whoever sets out for Microsoft waits: each leaves a row behind, whether they come back or not."""
    return SLOW if from_address > SET_OUT_SLOW_FROM_ADDRESS else timedelta()


def is_attack(*, in_all: int, usual: float, of_staff: int, from_address: int) -> bool:
    """Whether administrators are told: far more failures than on other days, or many on the accounts of staff (R98)."""
    many = in_all > max(ALARM_FROM, ALARM_TIMES_USUAL * usual)
    return many or of_staff > ALARM_STAFF_FROM or from_address >= ADDRESS_SLOW_FROM


def is_trusted(*, lately: int, in_a_day: int) -> bool:
    """Whether a known device still counts as one after so many failures of its own (R09)."""
    return lately <= FREE_TRIES and in_a_day < DEVICE_A_DAY
