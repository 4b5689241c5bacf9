"""The gateway that sends nothing: it writes to the embedded outbox."""

from __future__ import annotations

from core import outbox
from core.errors import GatewayError, GatewayErrorKind
from core.gateways.channels import Email


class OutboxEmail:
    """Writes each e-mail to a file. A second try of the same message writes a second file with the same reference."""

    def send(self, email: Email) -> str:
        try:
            return outbox.write(to=email.to, subject=email.subject, text=email.text, reference=email.reference)
        except OSError as error:
            detail = f"The outbox cannot be written ({error.strerror}). Make room on the disk."
            raise GatewayError(GatewayErrorKind.CONFIGURATION, detail) from error

    def close(self) -> None:
        """There is nothing open."""
