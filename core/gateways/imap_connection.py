"""A folder of a mailbox, open: TLS required and verified, every failure told apart, and no password in any of them."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import imap_words

TIMEOUT_S, REACH_S = 30.0, 10.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_KINDS = GatewayErrorKind
_AWAY = "the mailbox for returned mail cannot be reached"


@dataclass(frozen=True)
class Place:
    """Where a folder is, and who reads it."""

    host: str
    port: int
    tls_at_once: bool
    folder: str
    user: str = field(repr=False)
    password: str = field(repr=False)


def place(url: str) -> Place:
    """imaps:// with TLS, imap:// with STARTTLS; a refusal never repeats the URL, which holds a password."""
    parts = _parts(url)
    if parts is None:
        raise SettingsError("FIRSTKEY_BOUNCE_IMAP_URL looks like imaps://user:password@mail.school.example/INBOX")
    at_once = parts.scheme == "imaps"
    return Place(
        host=parts.hostname or "",
        port=parts.port or (993 if at_once else 143),
        tls_at_once=at_once,
        folder=unquote(parts.path.strip("/")) or "INBOX",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def opened(at: Place, context: ssl.SSLContext | None = None, *, timeout_s: float = TIMEOUT_S) -> imaplib.IMAP4:
    """Connect, sign in, open the folder."""
    imap = _connected(at, context or ssl.create_default_context(), timeout_s)
    try:
        _sign_in(imap, at)
        _open_folder(imap, at.folder)
    except BaseException:
        close(imap)
        raise
    return imap


def reach(url: str) -> None:
    """Do so for somebody who waits, and read nothing. Raises GatewayError when returned mail could not be read."""
    close(opened(place(url), timeout_s=REACH_S))


def close(imap: imaplib.IMAP4) -> None:
    """Say goodbye if the server still listens."""
    with contextlib.suppress(imaplib.IMAP4.error, OSError):
        imap.logout()
    _hang_up(imap)


def _hang_up(imap: imaplib.IMAP4) -> None:
    with contextlib.suppress(OSError):
        imap.shutdown()


def _parts(url: str) -> SplitResult | None:
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        written = "".join(unquote(part or "") for part in (parts.username, parts.password, parts.path))
        complete = parts.scheme in ("imap", "imaps") and parts.hostname and parts.username and parts.port != 0
        return parts if complete and not re.search(r"[\x00-\x1f\x7f]", written) else None
    return None


def _connected(at: Place, context: ssl.SSLContext, timeout_s: float) -> imaplib.IMAP4:
    try:
        if at.tls_at_once:
            return imaplib.IMAP4_SSL(at.host, at.port, ssl_context=context, timeout=timeout_s)
        imap = imaplib.IMAP4(at.host, at.port, timeout=timeout_s)
        if at.host not in LOOPBACK or "STARTTLS" in imap.capabilities:
            _encrypt(imap, context)
        return imap
    except ssl.SSLError as error:
        raise GatewayError(_KINDS.CONFIGURATION, f"The certificate of {at.host} is not trusted.") from error
    except (imaplib.IMAP4.error, OSError) as error:
        raise GatewayError(_KINDS.TRANSIENT, _AWAY) from error


def _encrypt(imap: imaplib.IMAP4, context: ssl.SSLContext) -> None:
    """Somebody in the middle who takes STARTTLS out of the conversation, or signs us in unasked, gets no password."""
    try:
        if "STARTTLS" in imap.capabilities and imap.state == "NONAUTH":
            imap.starttls(context)
            return
    except BaseException:
        _hang_up(imap)
        raise
    _hang_up(imap)
    detail = f"{imap.host} offers no encrypted connection. Ask for its TLS port."
    raise GatewayError(_KINDS.CONFIGURATION, detail)


def _sign_in(imap: imaplib.IMAP4, at: Place) -> None:
    """The causes are left out: what a server says to a sign-in may repeat the password."""
    try:
        if "AUTH=PLAIN" in imap.capabilities:
            secret = f"\0{at.user}\0{at.password}".encode()
            imap.authenticate("PLAIN", lambda _: secret)
        else:
            imap.login(imap_words.quoted(at.user), at.password)
    except (imaplib.IMAP4.abort, OSError):
        raise GatewayError(_KINDS.TRANSIENT, _AWAY) from None
    except (imaplib.IMAP4.error, UnicodeError):
        detail = "The mailbox for returned mail does not accept the name and password."
        raise GatewayError(_KINDS.CONFIGURATION, detail) from None


def _open_folder(imap: imaplib.IMAP4, folder: str) -> None:
    """For writing: what was read is to be marked as seen."""
    try:
        said, _ = imap.select(imap_words.quoted(imap_words.folder(folder)))
    except imaplib.IMAP4.readonly:
        said = "NO"
    except (imaplib.IMAP4.error, OSError) as error:
        raise GatewayError(_KINDS.TRANSIENT, _AWAY) from error
    if said != "OK":
        detail = "The mailbox for returned mail has no folder of this name that can be written to."
        raise GatewayError(_KINDS.CONFIGURATION, detail)
