"""What both lists can be asked about the way of an account from its invitation to the first sign-in."""

from __future__ import annotations

from core.rules import words
from pages.shared import cells
from pages.shared.questions import Choice

ENDS_WITHIN = {None: "All", 1: "Within 1 day", 3: "Within 3 days", 7: "Within 7 days", 14: "Within 14 days"}
CAME_TO = {"": "All", **cells.named(words.STEP)}
FAILURES = {reason: f"{said[:1].upper()}{said[1:]}" for reason, said in cells.named(words.FAILURE_REASON).items()}

QUESTIONS = (
    Choice("came_to", "Came at least to", CAME_TO, kind="one"),
    Choice("channels", "Last invitation", cells.named(words.CHANNEL)),
    Choice("failures", "Last message failed", FAILURES),
    Choice("invited_after", "Invited from", {}, kind="day"),
    Choice("invited_before", "Invited until", {}, kind="day"),
    Choice("link_ends_within", "Link ends", ENDS_WITHIN, kind="one"),
    Choice("verified_after", "Verified from", {}, kind="day"),
    Choice("verified_before", "Verified until", {}, kind="day"),
    Choice("signed_in_after", "First sign-in from", {}, kind="day"),
    Choice("signed_in_before", "First sign-in until", {}, kind="day"),
)
