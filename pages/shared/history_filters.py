"""What both lists can be asked about the way of an account from its invitation to the first sign-in."""

from __future__ import annotations

from core.rules import words
from core.rules.needs import ENDS_SOON_DAYS
from pages.shared import cells
from pages.shared.questions import Choice


def within(days: int) -> str:
    """Within 1 day, within 2 days."""
    return f"Within {days} {'day' if days == 1 else 'days'}"


ENDS_WITHIN = {None: "All", **{days: within(days) for days in (1, ENDS_SOON_DAYS, 3, 7, 14)}}
CAME_TO = {"": "All", **cells.named(words.STEP)}
FAILURES = {reason: f"{said[:1].upper()}{said[1:]}" for reason, said in cells.named(words.FAILURE_REASON).items()}

QUESTIONS = (
    Choice("came_to", "Came at least to", CAME_TO, kind="one"),
    Choice("channels", "Last invitation", cells.named(words.CHANNEL)),
    Choice("failures", "Last message failed", FAILURES),
    Choice("invited_after", "Invited from", {}, kind="day"),
    Choice("invited_before", "Invited until", {}, kind="day"),
    Choice("link_ends_within", "Link ends", ENDS_WITHIN, kind="one", unlisted=within),
    Choice("verified_after", "Verified from", {}, kind="day"),
    Choice("verified_before", "Verified until", {}, kind="day"),
    Choice("signed_in_after", "First sign-in from", {}, kind="day"),
    Choice("signed_in_before", "First sign-in until", {}, kind="day"),
)
