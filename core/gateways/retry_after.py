"""How long a provider asks to wait (RFC 9110 §10.2.3): in seconds, or until a date."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

from core import clock

LONGEST_S = 3_600.0  # whoever says more is asked again after an hour: a wrong clock must not stop everything for days


def seconds(header: str | None) -> float | None:
    """From now; None where nothing is said that can be understood."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_S)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    left = (until.replace(tzinfo=until.tzinfo or UTC) - clock.now()).total_seconds()
    return min(max(left, 0.0), LONGEST_S)
