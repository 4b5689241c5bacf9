"""What a text message costs: its encoding, its characters, its segments (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
DOUBLE = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    """How a text travels: 160 characters to a segment, or 70."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True)
class Measure:
    """`units` are septets or UTF-16 units; `costly` are the characters that force UCS-2, in order."""

    encoding: Encoding
    units: int
    segments: int
    costly: tuple[str, ...]


def measure(text: str) -> Measure:
    """Encoding, length and segments of a text: 160/153 in GSM-7, 70/67 in UCS-2."""
    costly = tuple(dict.fromkeys(letter for letter in text if letter not in BASIC and letter not in DOUBLE))
    if costly:
        sizes = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
        return Measure(Encoding.UCS2, sum(sizes), _segments(sizes, 70, 67), costly)
    sizes = [2 if letter in DOUBLE else 1 for letter in text]
    return Measure(Encoding.GSM7, sum(sizes), _segments(sizes, 160, 153), ())


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
