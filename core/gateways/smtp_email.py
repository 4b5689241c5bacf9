"""E-mail by SMTP: TLS required and verified, one reused connection per thread, every failure told apart.

Sources: RFC 5321 (replies), RFC 3834 (Auto-Submitted), and what was observed of real servers: a drop before the
content is certainly no delivery, a drop after it may be one.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import threading
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from core.config import settings
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways import mime, smtp_replies
from core.gateways.channels import Email

TIMEOUT_S, VERDICT_TIMEOUT_S = 30, 120  # a server may look at the content for long before it says yes
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_KINDS = GatewayErrorKind


class SmtpEmail:
    """Sends through FIRSTKEY_SMTP_URL: smtp:// with STARTTLS, smtps:// with TLS; plain text to loopback only."""

    def __init__(self, url: str, sender: str, context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise SettingsError("FIRSTKEY_SMTP_URL looks like smtp://user:password@mail.school.example:587")
        self._host, self._implicit = parts.hostname, parts.scheme == "smtps"
        self._port = parts.port or (465 if self._implicit else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        name, self._address = parseaddr(sender)
        if "@" not in self._address:
            raise SettingsError("FIRSTKEY_EMAIL_FROM looks like School office <office@school.example>")
        local, _, self._domain = self._address.rpartition("@")
        self._from = mime.header("From", str(Address(mime.one_line(name), local, self._domain)))
        self._context = context
        self._thread = threading.local()

    def send(self, email: Email) -> str:
        """Give the e-mail to the server; the Message-ID is the same for every try."""
        message_id = f"<{email.reference}@{self._domain}>"
        try:
            to = _ascii_domain(email.to)
            content = mime.content(email, from_header=self._from, to=to, message_id=message_id)
        except (ValueError, UnicodeError, HeaderParseError) as error:
            raise GatewayError(_KINDS.PERMANENT, "this is not an address", reason="bad_address") from error
        smtp = self._ready(to)
        try:
            _deliver(smtp, content)
        except GatewayError as refusal:
            if refusal.kind is _KINDS.AMBIGUOUS:
                self._hang_up()  # a late answer must not be taken for that of the next message
            else:
                self._end_transaction(smtp)
            raise
        return message_id

    def reach(self) -> bool:
        """Connect, secure the line and sign in, and send nothing; gives whether the line is encrypted.

        Raises GatewayError when a message could not go.
        """
        smtp = self._thread.smtp = self._connect()
        is_encrypted = isinstance(smtp.sock, ssl.SSLSocket)
        self.close()
        return is_encrypted

    def close(self) -> None:
        smtp = getattr(self._thread, "smtp", None)
        if smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()
        self._hang_up()

    def _hang_up(self) -> None:
        smtp, self._thread.smtp = getattr(self._thread, "smtp", None), None
        if smtp is not None:
            smtp.close()

    def _ready(self, to: str) -> smtplib.SMTP:
        """A connection that waits for the content. One that fell asleep since the last message is opened anew."""
        reused = getattr(self._thread, "smtp", None) is not None
        try:
            return self._begin(to)
        except GatewayError as error:
            if not reused or error.kind is not _KINDS.TRANSIENT or getattr(self._thread, "smtp", None) is not None:
                raise
        return self._begin(to)

    def _begin(self, to: str) -> smtplib.SMTP:
        smtp: smtplib.SMTP | None = getattr(self._thread, "smtp", None)
        if smtp is None:
            smtp = self._thread.smtp = self._connect()
        try:
            self._envelope(smtp, to)
        except GatewayError:
            self._end_transaction(smtp)
            raise
        except (smtplib.SMTPException, OSError) as error:
            self._hang_up()
            raise GatewayError(_KINDS.TRANSIENT, "the mail server hung up before the message") from error
        return smtp

    def _connect(self) -> smtplib.SMTP:
        try:
            if self._implicit:
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=self._tls())
                smtp.ehlo()
            else:
                smtp = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
                self._secure(smtp)
            if self._user:
                smtp.login(self._user, self._password)
        except ssl.SSLError as error:
            raise GatewayError(_KINDS.CONFIGURATION, f"The certificate of {self._host} is not trusted.") from error
        except smtplib.SMTPNotSupportedError as error:
            detail = f"{self._host} offers no encrypted connection. Ask for its STARTTLS or TLS port."
            if self._user and (self._implicit or self._host in LOOPBACK):
                detail = f"{self._host} asks for no name and password. Take them out of FIRSTKEY_SMTP_URL."
            raise GatewayError(_KINDS.CONFIGURATION, detail) from error
        except smtplib.SMTPResponseException as error:
            raise smtp_replies.at_connect(error.smtp_code) from error
        except (OSError, smtplib.SMTPException) as error:
            raise GatewayError(_KINDS.TRANSIENT, "the mail server cannot be reached") from error
        return smtp

    def _tls(self) -> ssl.SSLContext:
        """Made when it is needed: reading the certificates of the system takes as long as sending many messages."""
        self._context = self._context or ssl.create_default_context()
        return self._context

    def _secure(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo()
        if self._host not in LOOPBACK or smtp.has_extn("starttls"):
            smtp.starttls(context=self._tls())
            smtp.ehlo()

    def _envelope(self, smtp: smtplib.SMTP, to: str) -> None:
        """Everything before the content: whatever fails here was certainly not accepted."""
        options = [] if to.isascii() else ["SMTPUTF8"]
        if options and not smtp.has_extn("smtputf8"):
            raise GatewayError(_KINDS.PERMANENT, "the mail server takes no such address", reason="bad_address")
        code, words = smtp.mail(self._address, options)
        if code >= 400:
            raise smtp_replies.refused(code, words, "the sender", permanent=_KINDS.CONFIGURATION)
        code, words = smtp.rcpt(to)
        if code >= 400:
            raise smtp_replies.refused(code, words, "the address", permanent=_KINDS.PERMANENT)
        smtp.putcmd("data")
        code, words = smtp.getreply()
        if code != 354:
            raise smtp_replies.refused(code, words, "the message", permanent=_KINDS.PERMANENT)

    def _end_transaction(self, smtp: smtplib.SMTP) -> None:
        """Keep the connection only if the server is ready for the next message."""
        try:
            if smtp.rset()[0] != 250:
                self._hang_up()
        except (smtplib.SMTPException, OSError):
            self._hang_up()


def _deliver(smtp: smtplib.SMTP, content: bytes) -> None:
    """The content and the server's word: if it hangs up in between, nobody knows."""
    quoted = smtplib._quote_periods(content)  # type: ignore[attr-defined]
    try:
        smtp.send(quoted + (b".\r\n" if quoted.endswith(b"\r\n") else b"\r\n.\r\n"))
        _wait_at_most(smtp, VERDICT_TIMEOUT_S)
        code, words = smtp.getreply()
        _wait_at_most(smtp, TIMEOUT_S)
    except (smtplib.SMTPException, OSError) as error:
        raise GatewayError(_KINDS.AMBIGUOUS, "the mail server hung up after the message") from error
    if code >= 400:
        raise smtp_replies.refused(code, words, "the message", permanent=_KINDS.PERMANENT)


def _wait_at_most(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def _ascii_domain(address: str) -> str:
    """A domain in other letters travels in its ASCII form; the part before the @ stays as it is."""
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{domain.encode('idna').decode()}"


def from_settings() -> SmtpEmail:
    return SmtpEmail(settings().smtp_url, settings().email_from)
