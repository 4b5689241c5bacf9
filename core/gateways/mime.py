"""An e-mail in the form in which it travels: text and HTML in base64, and no header that somebody's name could forge.

The standard library builds a message of this shape in 3 ms, more than sending it takes; so the shape, always the
same, is written here (0.1 ms), and only unusual addresses take the long way.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from email.headerregistry import Address, HeaderRegistry
from email.policy import SMTP
from email.utils import formatdate

from core import clock
from core.gateways.channels import Email

_HEADERS = HeaderRegistry()
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_BASE64_LINE = 57  # bytes that fill a line of 76 characters
_SUBJECT_LINE, _ENCODED_LETTERS = 66, 11  # four bytes a letter at most: an encoded word stays under 75 characters


def content(email: Email, *, from_header: str, to: str, message_id: str) -> bytes:
    """Headers and both parts. Raises ValueError for an address that cannot stand in a header."""
    boundary = f"=_{email.reference}"  # no base64 line holds an underscore
    head = (
        from_header
        + _to(to)
        + _subject(one_line(email.subject))
        + f"Message-ID: {message_id}\r\nDate: {formatdate(clock.now().timestamp())}\r\n"
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    )
    parts = _part(boundary, "plain", email.text) + _part(boundary, "html", email.html)
    return head.encode() + parts + f"--{boundary}--\r\n".encode()


def one_line(text: str) -> str:
    """No control, format or line characters in a header (R66)."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c) != "Cf").split())


def header(name: str, value: str, *, utf8: bool = False) -> str:
    """One header, folded, by the standard library's own grammar."""
    folded: str = _HEADERS(name, value).fold(policy=SMTP.clone(utf8=utf8))
    return folded


def _to(address: str) -> str:
    if _PLAIN_ADDRESS.fullmatch(address):
        return f"To: {address}\r\n"
    local, _, domain = address.rpartition("@")
    return header("To", str(Address("", local, domain)), utf8=not address.isascii())


def _subject(text: str) -> str:
    """As it is when it is short and ASCII, else in encoded words (RFC 2047)."""
    if text.isascii() and len(text) <= _SUBJECT_LINE and "=?" not in text:
        return f"Subject: {text}\r\n"
    words, rest = [], text
    while rest:
        word = rest[:_ENCODED_LETTERS]
        words.append(f"=?utf-8?b?{binascii.b2a_base64(word.encode(), newline=False).decode()}?=")
        rest = rest[_ENCODED_LETTERS:]
    return "Subject: " + "\r\n ".join(words) + "\r\n"


def _part(boundary: str, subtype: str, text: str) -> bytes:
    head = f'--{boundary}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    data = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    lines = (data[start : start + _BASE64_LINE] for start in range(0, len(data), _BASE64_LINE))
    return head.encode() + b"".join(binascii.b2a_base64(line, newline=False) + b"\r\n" for line in lines)
