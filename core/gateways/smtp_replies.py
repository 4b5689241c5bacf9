"""What the reply codes of a mail server mean for a message (RFC 5321, and what real servers answer)."""

from __future__ import annotations

from core.errors import GatewayError, GatewayErrorKind

_KINDS = GatewayErrorKind
_BAD_ADDRESS = (501, 550, 551, 553)
_WANTS_SIGN_IN = (530, 534, 535)


def refused(code: int, what: str, *, permanent: GatewayErrorKind) -> GatewayError:
    """The server said no to one message; `permanent` is what a no for good means at this point."""
    if code < 500:
        return GatewayError(_KINDS.TRANSIENT, f"the mail server put {what} off ({code})")
    if code in _WANTS_SIGN_IN:
        return GatewayError(_KINDS.CONFIGURATION, "The mail server wants another name or password.")
    reason = "bad_address" if code in _BAD_ADDRESS else "blocked" if code == 554 else "bounced"
    return GatewayError(permanent, f"the mail server refused {what} ({code})", reason=reason)


def at_connect(code: int) -> GatewayError:
    """The server said no before any message: it would say so to all of them."""
    if code in _WANTS_SIGN_IN:
        return GatewayError(_KINDS.CONFIGURATION, "The mail server does not accept the name and password.")
    if code >= 500:
        return GatewayError(_KINDS.CONFIGURATION, f"The mail server turns us away ({code}).")
    return GatewayError(_KINDS.TRANSIENT, f"the mail server is busy ({code})")
