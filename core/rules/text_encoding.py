"""Which encoding a text file has: UTF-8, UTF-16, or the Windows one of western Europe or Greece."""

from __future__ import annotations

import codecs
import re

from core.errors import InputProblem

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with BOM",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 without BOM",
    "utf-16-be": "UTF-16 without BOM",
    "cp1253": "Windows-1253 (Greek)",
    "cp1252": "Windows-1252 (western European)",
}
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Letters of UTF-8 that are nonsense in the other encoding: western ones, Slavic or Turkish ones before a letter, and
# curly signs in Windows-1252; three Greek ones in a row in Windows-1253.
_UTF8_AS_WELL = {
    "cp1252": re.compile(rb"\xc3[\x80-\xbf]|[\xc4\xc5][\x80-\xbf][A-Za-z]|\xe2\x80[\x80-\xbf]"),
    "cp1253": re.compile(rb"(?:[\xce\xcf][\x80-\xbf]){3}"),
}
_GREEK_WORD = re.compile(r"[Ά-ώ]{2,}")
_MIXED_WORD = re.compile(r"[A-Za-z][Ά-ώ]|[Ά-ώ][A-Za-z]")


def read(content: bytes, *, encoding: str = "") -> tuple[str, str]:
    """The text and the name of its encoding, which is found out unless it is given."""
    name = encoding or detect(content)
    if not encoding and name in _UTF8_AS_WELL and _UTF8_AS_WELL[name].search(content):
        other = ENCODINGS[name].partition(" (")[0]
        raise InputProblem(
            f"Some lines of this file are UTF-8 and others {other}: names would be spoilt. Save it again as "
            "CSV UTF-8 and upload that."
        )
    try:
        return content.decode(name), name
    except (UnicodeDecodeError, LookupError) as error:
        raise InputProblem(
            f"This file is not {ENCODINGS.get(name, name)} throughout. Save it again as CSV UTF-8 and upload that."
        ) from error


def detect(content: bytes) -> str:
    """The most likely encoding: marks first, then what cannot be anything else, then Greek or western letters."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    even, odd = content[:4096:2].count(0), content[1:4096:2].count(0)
    if len(content[:4096]) // 20 < even + odd and max(even, odd) > 20 * min(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1253" if _is_greek(content) else "cp1252"
    return "utf-8"


def _is_greek(content: bytes) -> bool:
    """Greek words are written in high bytes throughout; in western names a high byte stands among plain letters."""
    try:
        text = content.decode("cp1253")
    except UnicodeDecodeError:
        return False
    whole = sum(map(len, _GREEK_WORD.findall(text)))
    return whole > 2 * len(_MIXED_WORD.findall(text))
