"""How long a proof counts and how far ahead a launch may be planned (R31), and who looks at a large one (R32)."""

from __future__ import annotations

from datetime import timedelta

FRESH, AHEAD = timedelta(minutes=10), timedelta(days=60)
PAUSED_BY_STAFF = "Paused by staff."
SECOND_LOOKS = "So many people at once: another administrator looks at it first."


def needs_second(people: int, *, above: int) -> bool:
    """Whether another administrator looks before a campaign to so many leaves (R32); 0 asks for nobody."""
    return 0 < above < people
