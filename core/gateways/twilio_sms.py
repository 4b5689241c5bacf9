"""Text messages by Twilio: one request a message, never repeated by itself, every failure told apart.

Creating a message is not idempotent at Twilio: a request without an answer is never made twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from core.config import settings
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import twilio_replies
from core.gateways.channels import Sms, Word
from core.gateways.twilio_http import Http

READ_S = 30.0
ASKED_AT_MOST = 50


class TwilioSms:
    """Sends from a number or a Messaging Service, and asks what became of a message."""

    def __init__(self, *, account_sid: str, auth_token: str, sender: Mapping[str, str], base_url: str = "") -> None:
        self._http = Http(base_url, read_s=READ_S)
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
        except TwilioException as problem:
            error = twilio_replies.of_a_list(problem)
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
