"""What a failed request to Twilio means: certainly not accepted, refused for good, perhaps accepted, or all alike."""

from __future__ import annotations

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from core.errors import GatewayError, GatewayErrorKind
from core.models.messaging import FailureReason
from core.rules import twilio_codes

_KINDS = GatewayErrorKind
_TOO_MANY = (429, 20429)
_DAY_IS_FULL = (30454, 63038)  # said with 429, but waiting a few minutes is no use
# Every message would be turned away alike: account, token, sender, trial, suspension.
_OF_THE_ACCOUNT = (401, 403, 20003, 20404, 20005, 20006, 21603, 21606, 21608, 21659, 21703, 30002)
_NEVER_SENT = (NewConnectionError, NameResolutionError, ConnectTimeoutError)


def refused(error: TwilioRestException, *, retry_after: float | None) -> GatewayError:
    """Twilio answered with an error. The answer to a POST that broke inside (5xx) may come after it was accepted."""
    code = int(error.code or error.status)
    if code in _DAY_IS_FULL:
        return GatewayError(_KINDS.CONFIGURATION, _account_words(code))
    if error.status == 429 or code in _TOO_MANY:
        return GatewayError(_KINDS.TRANSIENT, "Twilio asks us to slow down", retry_after=retry_after)
    if error.status >= 500:
        return GatewayError(_KINDS.AMBIGUOUS, f"Twilio broke down while it took the message ({error.status})")
    if error.status in (401, 403, 404) or code in _OF_THE_ACCOUNT:
        return GatewayError(_KINDS.CONFIGURATION, _account_words(code))
    reason = twilio_codes.reason_of(str(code)) if str(code) in twilio_codes.CODES else FailureReason.BLOCKED
    return GatewayError(_KINDS.PERMANENT, twilio_codes.words_of(str(code)), reason=reason)


def of_a_list(error: TwilioException) -> TwilioRestException:
    """A list that Twilio refuses has an exception of its own in the package; this is what it says of all else."""
    if isinstance(error, TwilioRestException):
        return error
    return TwilioRestException(error.args[1].status_code, uri="", msg=str(error.args[0]))


def broken(error: requests.RequestException) -> GatewayError:
    """No answer. Only what failed before the request left was certainly not accepted."""
    if isinstance(error, requests.exceptions.SSLError):
        return GatewayError(_KINDS.CONFIGURATION, "The certificate of Twilio's server is not trusted.")
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return GatewayError(_KINDS.TRANSIENT, "Twilio cannot be reached")
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.exceptions.ConnectionError) and isinstance(cause, _NEVER_SENT):
        return GatewayError(_KINDS.TRANSIENT, "Twilio cannot be reached")
    return GatewayError(_KINDS.AMBIGUOUS, "the connection to Twilio broke after the message was handed over")


def _account_words(code: int) -> str:
    if code in (21603, 21606, 21659, 21703):
        return f"Twilio does not let us send from this number or service ({code}). See FIRSTKEY_TWILIO_FROM."
    if code in _DAY_IS_FULL:
        return f"Twilio lets this account send no more today ({code}). Resume tomorrow, or ask Twilio for more."
    if code == 21608:
        return "The Twilio account is a trial: it sends to verified numbers only (21608)."
    return f"Twilio does not accept the account or its token ({code}). See FIRSTKEY_TWILIO_ACCOUNT_SID."
