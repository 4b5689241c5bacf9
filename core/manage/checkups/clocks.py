"""The clock: against the database's, against what is written down, and whether anybody keeps it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from core import clock, database
from core.manage.checkups.findings import Finding, fault, fine, warning
from core.tables import audit

SKEW_S, FAULTY_SKEW_S = 5, 60
_NTP = "Let this machine keep time by NTP (timedatectl set-ntp true, or chrony)."
_NOBODY, _TIMEX_BYTES = 5, 256  # adjtimex(2): TIME_ERROR; no system's `struct timex` is larger


def look() -> Iterator[Finding]:
    """Against the database's, and whether it is kept."""
    if not database.is_sqlite():
        yield _skew()
    if not is_kept():
        yield warning("clock", "Nothing keeps this machine's clock: it may run ahead unseen.", _NTP)


def is_kept() -> bool:
    """Whether the system says that its clock is kept by others; True where it cannot be asked (not Linux)."""
    try:
        return bool(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)) != _NOBODY)
    except (OSError, AttributeError, TypeError):
        return True


def _skew() -> Finding:
    with database.reading() as db:
        theirs = db.connection().scalar(sa.text("SELECT clock_timestamp()"))
    assert isinstance(theirs, datetime)  # noqa: S101  (what this function of PostgreSQL is)
    apart = abs((clock.now() - theirs.astimezone(UTC)).total_seconds())
    said, remedy = f"This machine and the database differ by {apart:.1f} s", "Let both keep time by NTP (chrony)."
    if apart > FAULTY_SKEW_S:
        return fault("clock", f"{said}: codes of phones and ends of links go wrong.", remedy)
    return warning("clock", f"{said}.", remedy) if apart > SKEW_S else fine("clock", said)


def set_back() -> Finding:
    """A clock that was set back shows in the audit, whose newest entry is then still to come. Needs our tables."""
    with database.reading() as db:
        newest = audit.newest_at(db)
    ahead = (newest - clock.now()).total_seconds() if newest else 0
    if ahead > FAULTY_SKEW_S:
        sentence = f"The newest entry of the audit is {ahead / 60:,.0f} minutes ahead of this machine's clock."
        return fault("clock", sentence, f"{_NTP} See which of the two is wrong.")
    return fine("clock", f"{clock.now():%Y-%m-%d %H:%M} UTC, not behind what is written down")
