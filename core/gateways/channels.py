"""What a gateway of each channel can do; the fakes and counterparts of the tests stand behind the same Protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Email:
    """One e-mail to one address. `reference` is ours and the same for every try; texts never appear in a repr."""

    to: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    reference: str = ""


class EmailGateway(Protocol):
    """Hands one e-mail on. Raises GatewayError, whose kind says what may have become of it."""

    def send(self, email: Email) -> str:
        """Give the e-mail away; returns the provider's name for it."""
        ...

    def close(self) -> None:
        """Let go of what the calling thread holds open."""
        ...
