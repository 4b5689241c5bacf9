"""Text messages by Twilio: one request a message, never repeated by itself, every failure told apart.

Creating a message is not idempotent at Twilio: a request without an answer is never made twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from core.config import settings
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import twilio_replies
from core.gateways.channels import Sms, Word

CONNECT_S, READ_S = 5.0, 30.0
ASKED_AT_MOST = 50


class _Http(TwilioHttpClient):  # type: ignore[misc]  # the package has no types
    """A connection for each request: one that the other side closed meanwhile would look like a message lost.

    Numbers and texts stay out of logs. `retry_after` is what the latest answer asked for.
    """

    def __init__(self, base_url: str) -> None:
        super().__init__(pool_connections=False)
        self.timeout = (CONNECT_S, READ_S)
        self._base = urlsplit(base_url) if base_url else None
        self.retry_after: float | None = None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        self.retry_after = None
        if self._base:
            url = urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc).geturl()
        try:
            response = super().request(method, url, *args, **kwargs)
        finally:
            self._test_only_last_request = self._test_only_last_response = None  # they hold the text
        self.retry_after = _seconds(response.headers)
        return response

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Nothing."""

    def log_response(self, status_code: int, response: Response) -> None:
        """Nothing."""


class TwilioSms:
    """Sends from a number or a Messaging Service, and asks what became of a message."""

    def __init__(self, *, account_sid: str, auth_token: str, sender: Mapping[str, str], base_url: str = "") -> None:
        self._http = _Http(base_url)
        self._client = Client(account_sid, auth_token, http_client=self._http)
        self._sender = dict(sender)
        self._calls_back = settings().is_https or bool(base_url)

    def send(self, sms: Sms) -> str:
        """Hand the message to Twilio; its words about it come back under our reference."""
        extra = dict(self._sender)
        if self._calls_back:
            extra["status_callback"] = f"{settings().base_url}/webhooks/twilio?m={quote(sms.reference)}"
        try:
            made = self._client.messages.create(to=sms.to, body=sms.text, **extra)
        except TwilioRestException as error:
            raise twilio_replies.refused(error, retry_after=self._http.retry_after) from None
        except requests.RequestException as error:
            raise twilio_replies.broken(error) from None
        if not made.sid:
            raise GatewayError(GatewayErrorKind.AMBIGUOUS, "Twilio's answer has no name for the message")
        return str(made.sid)

    def look_up(self, *, provider_id: str | None, to: str, since: datetime) -> list[Word]:
        """What Twilio says of a message; without its name, of all to the number since then."""
        try:
            if provider_id:
                return [_word(self._client.messages(provider_id).fetch())]
            found = self._client.messages.list(to=to, limit=ASKED_AT_MOST)
        except TwilioRestException as error:
            if provider_id and error.status == 404:
                raise GatewayError(GatewayErrorKind.PERMANENT, "Twilio does not know this message") from None
            raise twilio_replies.refused(error, retry_after=self._http.retry_after) from None
        except requests.RequestException as error:
            raise twilio_replies.broken(error) from None
        earliest = since - timedelta(minutes=5)  # their clock and ours
        return [_word(one) for one in found if one.date_created is None or one.date_created >= earliest]

    def close(self) -> None:
        """There is nothing open."""


def from_settings() -> TwilioSms:
    """The gateway that the settings describe; SettingsError says which of them is missing."""
    own = settings()
    if not own.twilio_account_sid or not own.twilio_auth_token:
        raise SettingsError("Set FIRSTKEY_TWILIO_ACCOUNT_SID and FIRSTKEY_TWILIO_AUTH_TOKEN to send text messages.")
    if own.twilio_messaging_service:
        sender = {"messaging_service_sid": own.twilio_messaging_service}
    elif own.twilio_from:
        sender = {"from_": own.twilio_from}
    else:
        raise SettingsError("Set FIRSTKEY_TWILIO_FROM or FIRSTKEY_TWILIO_MESSAGING_SERVICE to send text messages.")
    return TwilioSms(
        account_sid=own.twilio_account_sid,
        auth_token=own.twilio_auth_token,
        sender=sender,
        base_url=own.twilio_api_base_url,
    )


def _word(message: MessageInstance) -> Word:
    code = "" if message.error_code is None else str(message.error_code)
    return Word(str(message.sid), str(message.status), code)


def _seconds(headers: Mapping[str, str] | None) -> float | None:
    text = (headers or {}).get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None
