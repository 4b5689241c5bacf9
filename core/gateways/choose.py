"""Which gateway the settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.config import settings
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import smtp_email
from core.gateways.channels import Email, EmailGateway, Sms, SmsGateway
from core.gateways.outbox import OutboxEmail, OutboxSms

if TYPE_CHECKING:
    from core.gateways.microsoft_directory import Directory
    from core.gateways.microsoft_graph import Graph
    from core.gateways.microsoft_identity import MicrosoftIdentity


def email(*, outbox: bool) -> EmailGateway:
    """The outbox, the mail server of FIRSTKEY_SMTP_URL, or a mailbox of Microsoft 365."""
    if outbox:
        return OutboxEmail()
    try:
        return graph_email() if settings().email == "graph" else smtp_email.from_settings()
    except SettingsError as problem:
        return _Unusable(str(problem))


def graph_email() -> EmailGateway:
    """A mailbox of Microsoft 365; what it needs takes a while to import, and only who sends by it waits for it."""
    from core.gateways import graph_email

    return graph_email.from_mailbox()


def microsoft_graph() -> Graph:
    """Microsoft Graph in the name of the school's application."""
    from core.gateways import microsoft_graph

    return microsoft_graph.from_settings()


def microsoft_directory(*, pause: Callable[[float], None]) -> Directory:
    """The school's directory at Microsoft; `pause` waits where Microsoft asks to."""
    from core.gateways import microsoft_directory

    return microsoft_directory.from_settings(pause=pause)


def sms(*, outbox: bool) -> SmsGateway:
    """The outbox, or Twilio; its package takes a third of a second to import, so only who sends by it waits for it."""
    if outbox:
        return OutboxSms()
    from core.gateways import twilio_sms

    try:
        return twilio_sms.from_settings()
    except SettingsError as problem:
        return _Unusable(str(problem))


def microsoft_identity() -> MicrosoftIdentity:
    """The school's tenant at Microsoft; what it needs is imported by who signs in there first."""
    from core.gateways import microsoft_identity

    return microsoft_identity.from_settings()


class _Unusable:
    """Stands where settings are wrong: nothing is sent, the campaign pauses and says what to change."""

    def __init__(self, why: str) -> None:
        self._why = why

    def send(self, _message: Email | Sms) -> str:
        raise GatewayError(GatewayErrorKind.CONFIGURATION, self._why)

    def close(self) -> None:
        """There is nothing open."""
