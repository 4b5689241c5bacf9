"""What a text message costs: its encoding, its characters, its segments (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
DOUBLE = frozenset("\f^{}\\[~]|€")
_ALONE_AND_JOINED = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
_SAME_MEANING = {
    "'": "‘’‚‛′´`ʼ",
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−~",
    " ": "\t\u00a0\u2002\u2003\u2007\u2009\u202f",
    "...": "…",
    "*": "•·●",
    "(": "[{",
    ")": "]}",
    "/": "\\|",
    "x": "×",
    "L": "Ł",
    "l": "ł",
    "D": "Đ",
    "d": "đ",
    "i": "ı",
    "OE": "Œ",
    "oe": "œ",
}
_PLAINER = {letter: plain for plain, letters in _SAME_MEANING.items() for letter in letters}


class Encoding(StrEnum):
    """How a text travels: 160 characters to a segment, or 70."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True)
class Measure:
    """`units` are septets or UTF-16 units, `room` as many as its segments hold.

    `costly` are the characters that force UCS-2, in order; `doubled` those that count twice in GSM-7.
    """

    encoding: Encoding
    units: int
    segments: int
    room: int
    costly: tuple[str, ...]
    doubled: tuple[str, ...]


def measure(text: str) -> Measure:
    """Encoding, length and segments of a text: 160/153 in GSM-7, 70/67 in UCS-2."""
    costly = _once(letter for letter in text if letter not in BASIC and letter not in DOUBLE)
    if costly:
        return _measured(Encoding.UCS2, [2 if ord(letter) > 0xFFFF else 1 for letter in text], costly=costly)
    doubled = _once(letter for letter in text if letter in DOUBLE)
    return _measured(Encoding.GSM7, [2 if letter in DOUBLE else 1 for letter in text], doubled=doubled)


def plainer(letter: str) -> str:
    """What says the same as a costly or doubled character and costs less; "" where nothing does.

    An accent may go from a Latin letter. Letters of other scripts are not swapped for Latin ones that look alike.
    """
    if letter in _PLAINER:
        return _PLAINER[letter]
    base = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return base if base and base != letter and base.isascii() and BASIC.issuperset(base) else ""


def _once(letters: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(letters))


def _measured(
    encoding: Encoding, sizes: list[int], *, costly: tuple[str, ...] = (), doubled: tuple[str, ...] = ()
) -> Measure:
    alone, joined = _ALONE_AND_JOINED[encoding]
    segments = _segments(sizes, alone, joined)
    room = alone if segments == 1 else segments * joined
    return Measure(encoding, sum(sizes), segments, room, costly, doubled)


def _segments(sizes: list[int], alone: int, joined: int) -> int:
    """A character of two units is never cut in half."""
    if sum(sizes) <= alone:
        return 1
    segments, room = 1, joined
    for size in sizes:
        if size > room:
            segments, room = segments + 1, joined
        room -= size
    return segments
