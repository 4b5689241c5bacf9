"""Which gateway the settings ask for."""

from __future__ import annotations

from core.config import settings
from core.gateways import smtp_email
from core.gateways.channels import EmailGateway
from core.gateways.outbox import OutboxEmail


def email() -> EmailGateway:
    """The e-mail gateway of FIRSTKEY_EMAIL."""
    return smtp_email.from_settings() if settings().email == "smtp" else OutboxEmail()
