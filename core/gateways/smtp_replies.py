"""What the reply codes of a mail server mean for a message (RFC 5321, and what real servers answer)."""

from __future__ import annotations

import re

from core.errors import GatewayError, GatewayErrorKind

_KINDS = GatewayErrorKind
_BAD_ADDRESS = (501, 550, 551, 553)
_WANTS_SIGN_IN = (530, 534, 535)
_ENHANCED = re.compile(rb"5\.\d{1,3}\.\d{1,3}")
# Said of an address, but meant for us (Gmail, Exchange Online): no address is bad because the school's day is full.
_DAY_IS_FULL = "The mail server lets us send no more today. Resume tomorrow, or send through one that takes more"
_NOT_OURS = "The mail server does not let us send from this address. See FIRSTKEY_EMAIL_FROM"
_OF_US = {
    b"5.4.5": _DAY_IS_FULL,
    b"5.1.90": _DAY_IS_FULL,
    b"5.1.8": "The mail server has shut out the school's address for what it sent. Ask whoever runs the mail server",
    b"5.7.60": _NOT_OURS,
    b"5.2.252": _NOT_OURS,
}


def refused(code: int, words: bytes, what: str, *, permanent: GatewayErrorKind) -> GatewayError:
    """The server said no to one message; `permanent` is what a no for good means at this point."""
    if code < 500:
        return GatewayError(_KINDS.TRANSIENT, f"the mail server put {what} off ({code})")
    if code in _WANTS_SIGN_IN:
        return GatewayError(_KINDS.CONFIGURATION, "The mail server wants another name or password.")
    if (enhanced := _ENHANCED.match(words)) and (of_us := _OF_US.get(enhanced[0])):
        return GatewayError(_KINDS.CONFIGURATION, f"{of_us} ({code} {enhanced[0].decode()}).")
    reason = "bad_address" if code in _BAD_ADDRESS else "blocked" if code == 554 else "bounced"
    return GatewayError(permanent, f"the mail server refused {what} ({code})", reason=reason)


def at_connect(code: int) -> GatewayError:
    """The server said no before any message: it would say so to all of them."""
    if code in _WANTS_SIGN_IN:
        return GatewayError(_KINDS.CONFIGURATION, "The mail server does not accept the name and password.")
    if code >= 500:
        return GatewayError(_KINDS.CONFIGURATION, f"The mail server turns us away ({code}).")
    return GatewayError(_KINDS.TRANSIENT, f"the mail server is busy ({code})")
