"""How long a proof of identity counts, and how far ahead a launch may be planned (R31)."""

from __future__ import annotations

from datetime import timedelta

FRESH, AHEAD = timedelta(minutes=10), timedelta(days=60)
