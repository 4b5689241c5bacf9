"""SMTP servers on loopback that behave as told: STARTTLS, AUTH, refusals, hanging up."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.peers.firstkey import free_port

DROP = "drop"
HALF_CLOSE = "half-close"


@dataclass
class Behaviour:
    """Replies per command; DROP hangs up. `content` is said after the content.

    HALF_CLOSE, after the content: the server says that it will say no more, and leaves the line open.
    """

    mail: str = ""
    rcpt: str = ""
    data: str = ""
    content: str = "250 OK"
    accepted: list[Envelope] = field(default_factory=list)
    connections: int = 0
    delay_s: float = 0.0
    rcpt_by_address: dict[str, list[str]] = field(default_factory=dict)
    content_by_address: dict[str, list[str]] = field(default_factory=dict)
    port: int = 0
    hung_up: threading.Event = field(default_factory=threading.Event)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.mail:
            return self.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.rcpt == DROP:
            server.transport.close()
            return "421 closing"
        said = _next(self.rcpt_by_address, address) or self.rcpt
        if said:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.delay_s)
        said = _next(self.content_by_address, envelope.rcpt_tos[0]) or self.content
        if said == DROP:
            server.transport.close()
            return "421 closing"
        if said == HALF_CLOSE:
            server.transport.write_eof()
            await asyncio.sleep(2)
            server.transport.close()
            return "421 closing"
        if said.startswith("250"):
            self.accepted.append(envelope)
        return said

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses


def _next(replies: dict[str, list[str]], address: str) -> str:
    """The next reply that was planned for an address, if any is left."""
    planned = replies.get(address)
    return planned.pop(0) if planned else ""


class _DropOnData(SMTP):
    """Hangs up at the word DATA, before any content."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        self.transport.close()


class _Tells(SMTP):
    """Tells when it hung up on a silent client."""

    def _timeout_cb(self) -> None:
        super()._timeout_cb()
        self.event_handler.hung_up.set()


class _Controller(Controller):
    def __init__(self, *arguments: Any, drop_on_data: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._class = _DropOnData if drop_on_data else _Tells

    def factory(self) -> SMTP:
        return self._class(self.handler, **self.SMTP_kwargs)


@contextmanager
def server(
    behaviour: Behaviour,
    *,
    certificate: Path | None = None,
    login: tuple[str, str] | None = None,
    hang_up_after_s: float = 300,
    port: int = 0,
) -> Iterator[int]:
    """Start one; gives its port. With a certificate it wants STARTTLS, with a login AUTH."""
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    port = port or free_port()
    controller = _Controller(
        behaviour,
        hostname="127.0.0.1",
        port=port,
        drop_on_data=behaviour.data == DROP,
        tls_context=context,
        require_starttls=context is not None,
        authenticator=_authenticator(login) if login else None,
        auth_required=login is not None,
        timeout=hang_up_after_s,
        auth_require_tls=context is not None,
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def self_made_certificate(folder: Path) -> Path:
    """A certificate for localhost and 127.0.0.1 that nobody has signed but itself; key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


def _authenticator(login: tuple[str, str]) -> Any:
    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        fits = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == login
        return AuthResult(success=fits, handled=False)

    return check
