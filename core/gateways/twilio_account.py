"""What Twilio says of the school's own account, asked without sending anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import requests
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from core.config import Settings
from core.errors import GatewayError, GatewayErrorKind
from core.gateways import twilio_replies
from core.gateways.twilio_http import Http

READ_S = 10.0  # somebody waits for the answer
_NUMBER = re.compile(r"\+\d{7,15}")


class Sender(StrEnum):
    """What we send from: in the account, not in it, a Messaging Service without any, or not to be asked for."""

    THERE = "there"
    MISSING = "missing"
    EMPTY = "empty"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Account:
    """Its status and kind in Twilio's words, and whether it has what we send from."""

    status: str
    is_trial: bool
    sender: Sender


def ask(settings: Settings) -> Account:
    """Raises GatewayError where Twilio does not answer, or does not accept the account and its token."""
    http = Http(settings.twilio_api_base_url, read_s=READ_S)
    client = Client(settings.twilio_account_sid, settings.twilio_auth_token, http_client=http)
    try:
        own = client.api.v2010.accounts(settings.twilio_account_sid).fetch()
        status = str(own.status)
        sender = _sender(client, settings) if status == "active" else Sender.UNKNOWN
    except TwilioException as error:
        raise twilio_replies.refused(twilio_replies.of_a_list(error), retry_after=http.retry_after) from None
    except requests.exceptions.SSLError:
        raise _no_answer("The certificate of Twilio's server is not trusted.") from None
    except (requests.RequestException, ValueError):  # a value that cannot be read: a page of somebody in between
        raise _no_answer("Twilio does not answer.") from None
    return Account(status, str(own.type) == "Trial", sender)


def _no_answer(words: str) -> GatewayError:
    return GatewayError(GatewayErrorKind.TRANSIENT, words)


def _sender(client: Client, settings: Settings) -> Sender:
    """Words and short numbers as sender are not listed with the numbers of an account."""
    if service := settings.twilio_messaging_service:
        return _of_service(client.messaging.v1.services(service))
    if _NUMBER.fullmatch(settings.twilio_from):
        found = client.incoming_phone_numbers.list(phone_number=settings.twilio_from, limit=1)
        return Sender.THERE if any(number.capabilities.get("sms") for number in found) else Sender.MISSING
    return Sender.UNKNOWN


def _of_service(service: Any) -> Sender:
    """Twilio takes messages for a service that has nothing to send from, and then fails each of them."""
    if _found(service.fetch) is None:
        return Sender.MISSING
    kinds = (service.phone_numbers, service.short_codes, service.alpha_senders)
    found = [_found(partial(kind.list, limit=1)) for kind in kinds]
    if any(found):
        return Sender.THERE
    return Sender.UNKNOWN if None in found else Sender.EMPTY


def _found(ask: Callable[[], Any]) -> Any:
    """The answer; None where Twilio has nothing at this address."""
    try:
        return ask()
    except TwilioException as error:
        if twilio_replies.of_a_list(error).status == 404:
            return None
        raise
