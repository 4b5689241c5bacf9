"""Which gateway the settings ask for."""

from __future__ import annotations

from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import smtp_email
from core.gateways.channels import Email, EmailGateway
from core.gateways.outbox import OutboxEmail


def email(*, outbox: bool) -> EmailGateway:
    """The outbox, or the mail server of FIRSTKEY_SMTP_URL."""
    if outbox:
        return OutboxEmail()
    try:
        return smtp_email.from_settings()
    except SettingsError as problem:
        return _Unusable(str(problem))


class _Unusable:
    """Stands where settings are wrong: nothing is sent, the campaign pauses and says what to change."""

    def __init__(self, why: str) -> None:
        self._why = why

    def send(self, email: Email) -> str:
        raise GatewayError(GatewayErrorKind.CONFIGURATION, self._why)

    def close(self) -> None:
        """There is nothing open."""
