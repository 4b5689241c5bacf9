"""Reports of mail servers that an e-mail came back (RFC 3464), as Postfix, Exim, Exchange and Gmail write them.

Anybody can send such a report, so nothing in it is believed but our own unguessable name for a message, which only
its receiver and the servers on the way have seen; and of the rest only digits are kept.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.message import Message
from email.parser import HeaderParser
from enum import StrEnum

from core.models.messaging import FailureReason

LARGEST = 128 * 1024  # bytes that are looked at: what counts comes early
LONGEST_KIND = 2_000  # a Content-Type of 100,000 characters keeps the parser of the standard library busy for 20 s
_REPORTS = frozenset({"delivery-status", "global-delivery-status", ""})
_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_ORIGINALS = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})
_ARRIVED = frozenset({"delivered", "relayed", "expanded"})
_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")
_KIND = re.compile(rb"(?:^|[\r\n])content-type:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.IGNORECASE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_OUR_ID = re.compile(r"\s*<([0-9a-f]{32})@[^\s<>]+>\s*")
_OUR_BOUNDARY = re.compile(r"=_([0-9a-f]{32})")
_NOT_OURS = (MessageError, ValueError, LookupError, RecursionError)  # made to break the parser
_NO_SUCH_ADDRESS = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.9", "5.1.10"})


class Fate(StrEnum):
    """What a report says of the e-mail. Delayed: the server goes on trying."""

    FAILED = "failed"
    DELAYED = "delayed"
    ARRIVED = "arrived"


@dataclass(frozen=True)
class Report:
    """What came back: our name for the message, its fate, and an enhanced status code (RFC 3463) if one was given."""

    reference: str
    fate: Fate
    status: str = ""

    @property
    def reason(self) -> FailureReason:
        """Why it failed, in our words."""
        if self.status in _NO_SUCH_ADDRESS:
            return FailureReason.BAD_ADDRESS
        about_us = self.status in ("5.1.7", "5.1.8") or self.status.startswith("5.7.")
        return FailureReason.BLOCKED if about_us else FailureReason.BOUNCED


def is_report(head: bytes) -> bool:
    """Whether an e-mail with these headers reports a delivery. Answers of people and of their absence do not."""
    try:
        mail = _parsed(head)
        return mail is not None and _is_report(mail)
    except _NOT_OURS:
        return False


def read(content: bytes) -> Report | None:
    """The report in an e-mail; None when it is none, or none about a message of ours."""
    try:
        mail = _parsed(content)
        return _read(mail) if mail is not None else None
    except _NOT_OURS:
        return None


def _parsed(content: bytes) -> Message | None:
    seen = content[:LARGEST]
    if any(len(kind[0]) > LONGEST_KIND for kind in _KIND.finditer(seen)):
        return None
    return email.message_from_bytes(seen)


def _is_report(mail: Message) -> bool:
    kind = mail.get_param("report-type", "")
    return mail.get_content_type() == "multipart/report" and isinstance(kind, str) and kind.lower() in _REPORTS


def _read(mail: Message) -> Report | None:
    if not _is_report(mail) or not mail.is_multipart():
        return None
    parts = [part for part in mail.get_payload() if isinstance(part, Message)]
    recipients = [block for part in parts for block in _blocks(part) if "Final-Recipient" in block or "Action" in block]
    reference, fate = _reference(mail, parts), _fate(recipients)
    if reference is None or fate is None:
        return None
    return Report(reference, fate, _status(recipients))


def _blocks(part: Message) -> Iterator[Message]:
    """One about the message, then one for each recipient; the form for other alphabets (RFC 6533) arrives unparsed."""
    if part.get_content_type() not in _STATUS_PARTS or not part.is_multipart():
        return
    for block in part.get_payload():
        if isinstance(block, Message):
            yield block
            rest = block.get_payload()
            texts = _BLANK_LINE.split(rest) if isinstance(rest, str) else []
            yield from (HeaderParser().parsestr(text.lstrip()) for text in texts if text.strip())


def _reference(mail: Message, parts: Iterable[Message]) -> str | None:
    """Our name for the message in what came back of it; some servers replace its Message-ID, but not its boundary."""
    originals = [original for part in parts for original in _original(part)]
    for original in originals:
        for pattern, text in ((_OUR_ID, original["Message-ID"]), (_OUR_BOUNDARY, original.get_boundary())):
            if found := pattern.fullmatch(str(text or "")):
                return found[1]
    found = None if originals else _OUR_ID.fullmatch(str(mail["In-Reply-To"] or ""))
    return found[1] if found else None


def _original(part: Message) -> Iterator[Message]:
    """The headers of what came back, whole or not."""
    if part.get_content_type() not in _ORIGINALS:
        return
    inside = part.get_payload()
    if isinstance(inside, list):
        yield from (original for original in inside if isinstance(original, Message))
    else:
        text = part.get_payload(decode=True)
        yield HeaderParser().parsestr(text.decode("latin-1").lstrip() if isinstance(text, bytes) else "")


def _fate(recipients: Iterable[Message]) -> Fate | None:
    """One of several mailboxes behind an address is enough to have arrived."""
    said = {_word(block["Action"]) or ("failed" if _own_status(block)[:1] == "5" else "") for block in recipients}
    if said & _ARRIVED:
        return Fate.ARRIVED
    if "failed" in said:
        return Fate.FAILED
    return Fate.DELAYED if "delayed" in said else None


def _status(recipients: Iterable[Message]) -> str:
    """Of the recipient that failed; where it says nothing (5.0.0), what the other server said to the reporting one."""
    for block in recipients:
        own = _own_status(block)
        if _word(block["Action"]) in ("failed", "") and own:
            said = _STATUS.search(str(block["Diagnostic-Code"] or ""))
            return said[1] if said and own.endswith(".0.0") else own
    return ""


def _own_status(block: Message) -> str:
    found = _STATUS.search(str(block["Status"] or ""))
    return found[1] if found else ""


def _word(header: object) -> str:
    """Some servers add a comment in brackets, or capitals."""
    words = str(header or "").replace("(", " ").split()
    return words[0].lower().rstrip(";") if words else ""
