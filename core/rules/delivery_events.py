"""How the word of a provider moves a message: only forward, whatever the order in which the words come (R84)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.models.messaging import FailureReason, MessageStatus
from core.rules import twilio_codes

# What Twilio says of a message, as we call it. To accept it is to have it: our `sent` is handed to the provider.
ON_ITS_WAY = frozenset({"accepted", "scheduled", "queued", "sending", "sent"})
ARRIVED = frozenset({"delivered", "read"})
LOST = frozenset({"undelivered", "failed", "canceled"})

OPTED_OUT = "21610"
CONTESTED = "the provider also said the opposite"
NOT_YET_GONE = frozenset({MessageStatus.QUEUED, MessageStatus.SENDING})
_UNDECIDED = NOT_YET_GONE | {MessageStatus.SENT, MessageStatus.UNKNOWN}


@dataclass(frozen=True)
class Standing:
    """How a message stands. `detail` says more of a failure, and whether the provider contradicted itself."""

    status: MessageStatus
    reason: FailureReason | None = None
    detail: str = ""

    @property
    def is_final(self) -> bool:
        return self.status not in _UNDECIDED


def after(standing: Standing, *, status: str, code: str = "") -> Standing:
    """The standing once the provider has said `status`; the same when that is nothing new.

    The first final word stays; another one that contradicts it is flagged, and a person decides.
    """
    said = _meaning(status)
    if said is None:
        return standing
    if standing.is_final:
        return _beside_a_final_one(standing, said, code)
    if said is MessageStatus.FAILED:
        return _failed(code)
    if said is MessageStatus.SENT and standing.status is MessageStatus.SENT:
        return standing
    return Standing(said)


def newly_gone(before: MessageStatus, after: MessageStatus) -> bool:
    """Whether the word was the first to tell that the message went out: then its account is invited only now."""
    return before in NOT_YET_GONE and after in (MessageStatus.SENT, MessageStatus.DELIVERED)


def _meaning(status: str) -> MessageStatus | None:
    if status in ON_ITS_WAY:
        return MessageStatus.SENT
    if status in ARRIVED:
        return MessageStatus.DELIVERED
    return MessageStatus.FAILED if status in LOST else None


def _failed(code: str) -> Standing:
    """Without a code nobody knows more than that the network did not deliver it."""
    if not code:
        return Standing(MessageStatus.FAILED, FailureReason.CARRIER)
    return Standing(MessageStatus.FAILED, twilio_codes.reason_of(code), twilio_codes.words_of(code))


def _beside_a_final_one(standing: Standing, said: MessageStatus, code: str) -> Standing:
    """The same again may bring the code that was missing; an older word that comes late says nothing any more."""
    contested = CONTESTED in standing.detail
    if said is standing.status:
        unexplained = said is MessageStatus.FAILED and code and standing.detail in ("", CONTESTED)
        return _flagged(_failed(code), contested) if unexplained else standing
    contradicts = said in (MessageStatus.DELIVERED, MessageStatus.FAILED)
    return _flagged(standing, contradicts and not contested)


def _flagged(standing: Standing, contested: bool) -> Standing:
    return replace(standing, detail="; ".join(filter(None, (standing.detail, CONTESTED)))) if contested else standing
