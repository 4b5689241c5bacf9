"""E-mail by SMTP: TLS required and verified, one reused connection per thread, every failure told apart.

Sources: RFC 5321 (replies), RFC 3834 (Auto-Submitted), and what was observed of real servers: a drop before the
content is certainly no delivery, a drop after it may be one.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
import unicodedata
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

from core import clock
from core.config import settings
from core.errors import GatewayError, GatewayErrorKind, SettingsError
from core.gateways.channels import Email

TIMEOUT_S = 30
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_KINDS = GatewayErrorKind
_REASONS = {
    550: "bad_address",
    551: "bad_address",
    553: "bad_address",
    501: "bad_address",
    552: "bounced",
    554: "blocked",
}


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
        self._from = Address(_one_line(name), local, self._domain)
        self._context = context or ssl.create_default_context()
        self._thread = threading.local()

    def send(self, email: Email) -> str:
        """Give the e-mail to the server; the Message-ID is the same for every try."""
        message_id = f"<{email.reference}@{self._domain}>"
        content = self._content(email, message_id)
        smtp = self._connection()
        try:
            self._envelope(smtp, email.to)
            _deliver(smtp, content)
        except GatewayError:
            self._end_transaction(smtp)
            raise
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self.close()
            raise GatewayError(_KINDS.TRANSIENT, "the mail server hung up before the message") from error
        return message_id

    def close(self) -> None:
        smtp, self._thread.smtp = getattr(self._thread, "smtp", None), None
        if smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()

    def _connection(self) -> smtplib.SMTP:
        smtp: smtplib.SMTP | None = getattr(self._thread, "smtp", None)
        if smtp is None:
            smtp = self._thread.smtp = self._connect()
        return smtp

    def _connect(self) -> smtplib.SMTP:
        try:
            if self._implicit:
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=self._context)
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
            raise GatewayError(_KINDS.CONFIGURATION, detail) from error
        except smtplib.SMTPResponseException as error:
            raise _at_connect(error.smtp_code) from error
        except (OSError, smtplib.SMTPException) as error:
            raise GatewayError(_KINDS.TRANSIENT, "the mail server cannot be reached") from error
        return smtp

    def _secure(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo()
        if self._host not in LOOPBACK or smtp.has_extn("starttls"):
            smtp.starttls(context=self._context)
            smtp.ehlo()

    def _envelope(self, smtp: smtplib.SMTP, to: str) -> None:
        """Everything before the content: whatever fails here was certainly not accepted."""
        options = [] if to.isascii() else ["SMTPUTF8"]
        if options and not smtp.has_extn("smtputf8"):
            raise GatewayError(_KINDS.PERMANENT, "the mail server takes no such address", reason="bad_address")
        code, _ = smtp.mail(self._address, options)
        if code >= 400:
            raise _refused(code, "the sender", permanent=_KINDS.CONFIGURATION)
        code, _ = smtp.rcpt(to)
        if code >= 400:
            raise _refused(code, "the address", permanent=_KINDS.PERMANENT)
        smtp.putcmd("data")
        code, _ = smtp.getreply()
        if code != 354:
            raise _refused(code, "the message", permanent=_KINDS.PERMANENT)

    def _end_transaction(self, smtp: smtplib.SMTP) -> None:
        """Keep the connection only if the server is ready for the next message."""
        try:
            if smtp.rset()[0] != 250:
                self.close()
        except (smtplib.SMTPException, OSError):
            self.close()

    def _content(self, email: Email, message_id: str) -> bytes:
        message = EmailMessage(policy=SMTP_POLICY)
        local, _, domain = email.to.rpartition("@")
        message["From"], message["To"] = self._from, Address("", local, domain)
        message["Subject"] = _one_line(email.subject)
        message["Message-ID"] = message_id
        message["Date"] = formatdate(clock.now().timestamp())
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(email.text, cte="base64" if not email.text.isascii() else "quoted-printable")
        message.add_alternative(email.html, subtype="html", cte="base64")
        return message.as_bytes(policy=SMTP_POLICY.clone(utf8=not email.to.isascii()))


def _deliver(smtp: smtplib.SMTP, content: bytes) -> None:
    """The content and the server's word: if it hangs up in between, nobody knows."""
    quoted = smtplib._quote_periods(content)  # type: ignore[attr-defined]
    try:
        smtp.send(quoted + (b".\r\n" if quoted.endswith(b"\r\n") else b"\r\n.\r\n"))
        code, _ = smtp.getreply()
    except (smtplib.SMTPException, OSError, socket.timeout) as error:  # noqa: UP041
        raise GatewayError(_KINDS.AMBIGUOUS, "the mail server hung up after the message") from error
    if code >= 400:
        raise _refused(code, "the message", permanent=_KINDS.PERMANENT)


def _refused(code: int, what: str, *, permanent: GatewayErrorKind) -> GatewayError:
    if code < 500:
        return GatewayError(_KINDS.TRANSIENT, f"the mail server put {what} off ({code})")
    if code in (530, 535):
        return GatewayError(_KINDS.CONFIGURATION, "The mail server wants another name or password.")
    return GatewayError(permanent, f"the mail server refused {what} ({code})", reason=_REASONS.get(code, "bounced"))


def _at_connect(code: int) -> GatewayError:
    if code in (530, 534, 535):
        return GatewayError(_KINDS.CONFIGURATION, "The mail server does not accept the name and password.")
    if code >= 500:
        return GatewayError(_KINDS.CONFIGURATION, f"The mail server turns us away ({code}).")
    return GatewayError(_KINDS.TRANSIENT, f"the mail server is busy ({code})")


def _one_line(text: str) -> str:
    """No control, format or line characters in a header (R66)."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c) != "Cf").split())


def from_settings() -> SmtpEmail:
    return SmtpEmail(settings().smtp_url, settings().email_from)
