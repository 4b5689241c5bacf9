"""How long what has ended is kept (R102), within which bounds a school may decide, and from which moment on it goes."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from enum import StrEnum

# What the settings allow, in days and months.
INVITATION_DAYS, OUTBOX_DAYS, LEAVER_MONTHS, AUDIT_MONTHS = (7, 365), (1, 365), (1, 120), (12, 120)
NIGHT = (2, 5)  # the hours in which it is done, in the zone of the school


class Kept(StrEnum):
    """What is kept for a time and then deleted."""

    INVITATIONS = "invitations"
    OUTBOX = "outbox"
    LEAVERS = "leavers"
    AUDIT = "audit"


def days_before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def months_before(now: datetime, months: int) -> datetime:
    """The same day of an earlier month, or its last one."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))
