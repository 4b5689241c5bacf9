"""What somebody asks for with a text message to the school's number, by the words that Twilio itself obeys (R88)."""

from __future__ import annotations

from enum import StrEnum


class Wish(StrEnum):
    """No more text messages, or text messages again."""

    STOP = "stop"
    START = "start"


_WORDS = {
    **dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), Wish.STOP),
    **dict.fromkeys(("START", "YES", "UNSTOP"), Wish.START),
}


def wish(body: str, *, heard_as: str = "") -> Wish | None:
    """None where no such word is the whole text. `heard_as`: what Twilio took it for, by the school's own words."""
    return _WORDS.get((heard_as or body).strip().upper())
