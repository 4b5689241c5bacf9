"""E-mail, and the public address that links in messages lead to."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from core.config import Settings
from core.errors import GatewayError, SettingsError
from core.gateways import smtp_email
from core.manage.checkups.findings import Finding, fault, fine, told, warning

OUTBOX = "nothing leaves this machine: messages are written to the Outbox screen"
OPEN = "Every machine that reaches this one can talk to Firstkey past the proxy, without encryption."
CLOSE = "Set FIRSTKEY_TRUSTED_PROXIES to the address of nginx, and let the firewall pass nobody else on."


def email(settings: Settings, *, is_demo: bool) -> Iterator[Finding]:
    """Connect to the mail server as a campaign would, and send nothing."""
    if settings.email == "outbox":
        remedy = "Set FIRSTKEY_EMAIL=smtp and FIRSTKEY_SMTP_URL."
        yield fine("e-mail", OUTBOX) if is_demo else warning("e-mail", f"{OUTBOX}.", remedy)
        return
    if settings.email == "graph":
        yield _graph(settings)
        return
    remedy = "Check FIRSTKEY_SMTP_URL: host, port, user and password; the server must offer TLS."
    try:
        is_encrypted = smtp_email.from_settings().reach()
    except SettingsError as error:
        yield fault("e-mail", str(error), "Correct the setting.")
    except (GatewayError, OSError) as error:
        yield fault("e-mail", f"The mail server cannot be used: {told(error, settings)}", remedy)
    else:
        line = "encrypted" if is_encrypted else "on this machine, not encrypted"
        yield fine("e-mail", f"{urlsplit(settings.smtp_url).hostname} answers, {line}, and lets us in")


def _graph(settings: Settings) -> Finding:
    """The settings belong together; Microsoft itself is asked by the button in Settings."""
    if not settings.microsoft_is_set_up or not settings.graph_mailbox:
        said = "FIRSTKEY_EMAIL=graph needs the three FIRSTKEY_MICROSOFT_… settings and FIRSTKEY_GRAPH_MAILBOX."
        return fault("e-mail", said, "Set them as docs/microsoft365.md says.")
    return fine("e-mail", f"Microsoft 365 sends as {settings.graph_mailbox}; Settings, Microsoft 365 tries it")


def door(settings: Settings) -> Iterator[Finding]:
    """Which address of this machine a web process listens on."""
    listens = f"listens on {settings.listen_on}, port {settings.port}"
    yield warning("door", OPEN, CLOSE) if settings.is_open else fine("door", listens)


def address(settings: Settings, *, is_demo: bool) -> Iterator[Finding]:
    """What links in messages begin with."""
    if settings.is_https or is_demo:
        yield fine("address", f"people come to {settings.base_url}")
        return
    remedy = "Put a proxy with TLS in front and set FIRSTKEY_PUBLIC_BASE_URL=https://…"
    yield warning("address", f"Links lead to {settings.base_url}, without encryption.", remedy)
