"""What a failed call means for a message, and when to try again (docs/operations.md, *Sending*)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import GatewayError, GatewayErrorKind
from core.models.messaging import FailureReason, MessageStatus

BAD = (MessageStatus.FAILED, MessageStatus.UNKNOWN)
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 900.0
FOUND_ARRIVED = "a member of staff found that it arrived"  # as the detail of one that was sent: a person decided
ADDRESS_CHANGED = "the address was changed"


@dataclass(frozen=True)
class Outcome:
    """What became of one try. `pause` is the sentence with which the campaign stops."""

    status: MessageStatus
    reason: FailureReason | None = None
    detail: str = ""
    provider_id: str | None = None
    retry_after: float | None = None
    pause: str = ""


# Its text or its facts are at fault: it fails by itself, and its batch goes on (F17).
SPOILT = Outcome(MessageStatus.FAILED, FailureReason.UNWRITABLE, "look at the wording and at the person's data")


def of_error(error: GatewayError, *, attempt: int, give_up_after_s: float) -> Outcome:
    """Transient: wait and try again, in the end give up. Permanent: failed. Ambiguous: unknown. Else pause."""
    detail = str(error)[:200]
    if error.kind is GatewayErrorKind.TRANSIENT:
        if waited_before(attempt) >= give_up_after_s:
            return Outcome(MessageStatus.FAILED, FailureReason.OVER_LIMIT, detail)
        return Outcome(MessageStatus.QUEUED, None, detail, retry_after=error.retry_after or 0.0)
    if error.kind is GatewayErrorKind.PERMANENT:
        return Outcome(MessageStatus.FAILED, FailureReason(error.reason or FailureReason.BOUNCED), detail)
    if error.kind is GatewayErrorKind.CONFIGURATION:
        return Outcome(MessageStatus.QUEUED, FailureReason.CONFIGURATION, detail, pause=detail)
    return Outcome(MessageStatus.UNKNOWN, None, detail)


def longest_row(outcomes: Iterable[tuple[str, str | None]]) -> tuple[int, str]:
    """How many failed one after the other at most, and what was said of the last of these."""
    longest, row, why = 0, 0, ""
    for status, detail in outcomes:
        row = row + 1 if status in BAD else 0
        if row >= max(longest, 1):
            longest, why = row, detail or ""
    return longest, why


def why_paused(failed: int, detail: str) -> str:
    """Why a campaign paused in which so many failed one after the other."""
    return f"{failed} messages in a row failed, the last one: {detail}. Look at its outcome, then resume."


def wait_before(attempt: int) -> float:
    """Seconds before the given try: 30 s doubling to 15 minutes; the first does not wait."""
    return 0.0 if attempt <= 1 else min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(attempt - 2, 10))


def waited_before(attempt: int) -> float:
    """Seconds waited in all up to the given try."""
    return sum(wait_before(number) for number in range(1, attempt + 1))
