"""What a gateway of each channel can do; the fakes and counterparts of the tests stand behind the same Protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Email:
    """One e-mail to one address. `reference` is ours and the same for every try; texts never appear in a repr."""

    to: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    reference: str = ""


@dataclass(frozen=True)
class Sms:
    """One text message to one number (E.164). `reference` is ours and comes back with the provider's words."""

    to: str
    text: str = field(repr=False)
    reference: str = ""


@dataclass(frozen=True)
class Word:
    """What a provider says of one message: its own name for it, a status, an error code, and our reference if known."""

    provider_id: str
    status: str
    code: str = ""
    reference: str = ""


class EmailGateway(Protocol):
    """Hands one e-mail on. Raises GatewayError, whose kind says what may have become of it."""

    def send(self, email: Email) -> str:
        """Give the e-mail away; returns the provider's name for it."""
        ...

    def close(self) -> None:
        """Let go of what the calling thread holds open."""
        ...


class SmsGateway(Protocol):
    """Hands one text message on. Raises GatewayError, whose kind says what may have become of it."""

    def send(self, sms: Sms) -> str:
        """Give the message away; returns the provider's name for it."""
        ...

    def close(self) -> None:
        """Let go of what the calling thread holds open."""
        ...


class SmsLookup(Protocol):
    """Asks a provider what became of a message whose word was lost."""

    def look_up(self, *, provider_id: str | None, to: str, since: datetime) -> list[Word]:
        """The words about this message; without a name, those about all messages to the number since then."""
        ...
