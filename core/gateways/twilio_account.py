"""What Twilio says of the school's own account, asked without sending anything."""

from __future__ import annotations

import re
from dataclasses import dataclass

import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from core.config import Settings
from core.errors import GatewayError, GatewayErrorKind
from core.gateways import twilio_replies
from core.gateways.twilio_http import Http

READ_S = 10.0  # somebody waits for the answer
_NUMBER = re.compile(r"\+\d{7,15}")


@dataclass(frozen=True)
class Account:
    """Its status and kind in Twilio's words, and whether it has what we send from; None: that cannot be asked."""

    status: str
    is_trial: bool
    has_sender: bool | None


def ask(settings: Settings) -> Account:
    """Raises GatewayError where Twilio does not answer, or does not accept the account and its token."""
    http = Http(settings.twilio_api_base_url, read_s=READ_S)
    client = Client(settings.twilio_account_sid, settings.twilio_auth_token, http_client=http)
    try:
        own = client.api.v2010.accounts(settings.twilio_account_sid).fetch()
        status = str(own.status)
        has_sender = _has_sender(client, settings) if status == "active" else None
    except TwilioRestException as error:
        raise twilio_replies.refused(error, retry_after=http.retry_after) from None
    except requests.exceptions.SSLError:
        raise _no_answer("The certificate of Twilio's server is not trusted.") from None
    except (requests.RequestException, ValueError):  # a value that cannot be read: a page of somebody in between
        raise _no_answer("Twilio does not answer.") from None
    return Account(status, str(own.type) == "Trial", has_sender)


def _no_answer(words: str) -> GatewayError:
    return GatewayError(GatewayErrorKind.TRANSIENT, words)


def _has_sender(client: Client, settings: Settings) -> bool | None:
    """Words and short numbers as sender are not listed with the numbers of an account."""
    if service := settings.twilio_messaging_service:
        return _has_service(client, service)
    if _NUMBER.fullmatch(settings.twilio_from):
        found = client.incoming_phone_numbers.list(phone_number=settings.twilio_from, limit=1)
        return any(number.capabilities.get("sms") for number in found)
    return None


def _has_service(client: Client, service: str) -> bool:
    try:
        return str(client.messaging.v1.services(service).fetch().sid) == service
    except TwilioRestException as error:
        if error.status == 404:
            return False
        raise
