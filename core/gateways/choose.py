"""Which gateway the settings ask for."""

from __future__ import annotations

from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import smtp_email
from core.gateways.channels import Email, EmailGateway, Sms, SmsGateway
from core.gateways.outbox import OutboxEmail, OutboxSms


def email(*, outbox: bool) -> EmailGateway:
    """The outbox, or the mail server of FIRSTKEY_SMTP_URL."""
    if outbox:
        return OutboxEmail()
    try:
        return smtp_email.from_settings()
    except SettingsError as problem:
        return _Unusable(str(problem))


def sms(*, outbox: bool) -> SmsGateway:
    """The outbox, or Twilio; its package takes a third of a second to import, so only who sends by it waits for it."""
    if outbox:
        return OutboxSms()
    from core.gateways import twilio_sms

    try:
        return twilio_sms.from_settings()
    except SettingsError as problem:
        return _Unusable(str(problem))


class _Unusable:
    """Stands where settings are wrong: nothing is sent, the campaign pauses and says what to change."""

    def __init__(self, why: str) -> None:
        self._why = why

    def send(self, _message: Email | Sms) -> str:
        raise GatewayError(GatewayErrorKind.CONFIGURATION, self._why)

    def close(self) -> None:
        """There is nothing open."""
