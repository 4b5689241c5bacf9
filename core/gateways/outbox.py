"""The gateways that send nothing: they write to the embedded outbox."""

from __future__ import annotations

from core import outbox
from core.errors import GatewayError, GatewayErrorKind
from core.gateways.channels import Email, Sms


class OutboxEmail:
    """Writes each e-mail to a file. A second try of the same message writes a second file with the same reference."""

    def send(self, email: Email) -> str:
        return _write(to=email.to, subject=email.subject, text=email.text, reference=email.reference)

    def close(self) -> None:
        """There is nothing open."""


class OutboxSms:
    """Writes each text message to a file."""

    def send(self, sms: Sms) -> str:
        return _write(to=sms.to, subject="Text message", text=sms.text, reference=sms.reference)

    def close(self) -> None:
        """There is nothing open."""


def _write(*, to: str, subject: str, text: str, reference: str) -> str:
    try:
        return outbox.write(to=to, subject=subject, text=text, reference=reference)
    except OSError as error:
        detail = f"The outbox cannot be written ({error.strerror}). Make room on the disk."
        raise GatewayError(GatewayErrorKind.CONFIGURATION, detail) from error
