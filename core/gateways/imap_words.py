"""The words of IMAP that the standard library leaves to its callers: quoting, names of folders, days, fetched texts."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UID = re.compile(rb"\bUID (\d+)")
_OTHER_LETTERS = re.compile(r"[^\x20-\x7e]+|&")


def quoted(text: str) -> str:
    """As a quoted string (RFC 3501, 4.3)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def folder(name: str) -> str:
    """The name of a folder in the alphabet of IMAP (RFC 3501, 5.1.3)."""
    return _OTHER_LETTERS.sub(lambda found: "&-" if found[0] == "&" else f"&{_base64(found[0])}-", name)


def day(moment: datetime) -> str:
    """In English, whatever language this machine speaks."""
    return f"{moment.day:02}-{_MONTHS[moment.month - 1]}-{moment.year}"


def literals(data: Sequence[Any]) -> Iterator[tuple[str, bytes]]:
    """Number and text of each message in the answer to a FETCH; some servers give the number after the text."""
    for item, after in zip(data, [*data[1:], b""], strict=True):
        if isinstance(item, tuple):
            before, text = item
            number = _UID.search(before) or (_UID.search(after) if isinstance(after, bytes) else None)
            if number:
                yield number[1].decode(), text


def _base64(letters: str) -> str:
    return binascii.b2a_base64(letters.encode("utf-16-be"), newline=False).decode().rstrip("=").replace("/", ",")
