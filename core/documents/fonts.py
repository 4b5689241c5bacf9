"""The faces of our documents: characters become glyph ids and widths, many at once.

Uses names of fpdf2 that are not public; its version is pinned and tests/documents reads every cell back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fpdf.fonts import Glyph, TTFFont

from core.documents.text import SEPARATOR

FOLDER = Path(__file__).resolve().parent.parent.parent / "data" / "fonts"
REGULAR = FOLDER / "DejaVuSansCondensed.ttf"
BOLD = FOLDER / "DejaVuSansCondensed-Bold.ttf"
MONO = FOLDER / "DejaVuSansMono-Bold.ttf"

_SEPARATOR_BYTES = SEPARATOR.encode("utf-16-be")
_MOST_BOXES = 20_000  # ids of glyphs must stay below the surrogates


class _GlyphIds(dict[int, int]):
    """Code point -> id of its glyph in the subset; asking for one puts it into the file."""

    def __init__(self, font: TTFFont, missing: dict[int, None]) -> None:
        super().__init__({ord(SEPARATOR): ord(SEPARATOR)})
        self._font, self._missing = font, missing

    def __missing__(self, code: int) -> int:
        known = code in self._font.glyph_ids
        made = self._font.subset.pick(code) if known else box(self._font, (code,), self._missing)
        self[code] = int(made or 0)
        return self[code]


def box(font: TTFFont, codes: tuple[int, ...], missing: dict[int, None]) -> int:
    """The glyph that stands for characters the font does not have: a box, which copies as what was meant."""
    missing.update(dict.fromkeys(codes))
    meant = codes if len(missing) < _MOST_BOXES else (0xFFFD,)
    return font.subset.pick_glyph(Glyph(0, meant, ".notdef", round(font.desc.missing_width))) or 0


class Face:
    """One font of one document. `missing` are the characters it had no glyph for."""

    def __init__(self, font: TTFFont) -> None:
        self.font = font
        self.missing: dict[int, None] = {}
        self._ids = _GlyphIds(font, self.missing)
        self._widths = np.full(0x110000, -1, np.int16)

    @property
    def name(self) -> bytes:
        """What content streams call the font."""
        return b"/F%d" % self.font.i

    def encode(self, texts: Sequence[str]) -> list[bytes]:
        """The bytes of PDF strings, without their parentheses, of clean texts."""
        joined = SEPARATOR.join(texts).translate(self._ids).encode("utf-16-be")
        for special, written in ((b"\\", b"\\\\"), (b"(", b"\\("), (b")", b"\\)"), (b"\r", b"\\r")):
            joined = joined.replace(special, written)
        return joined.split(_SEPARATOR_BYTES)

    def widths(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Widths in thousandths of the font size, of texts that need no shaping."""
        codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
        found = self._widths[codes]
        if found.size and found.min() < 0:
            for code in np.unique(codes[found < 0]).tolist():
                self._widths[code] = self.font.cw[code]
            found = self._widths[codes]
        ends = np.cumsum(np.array(list(map(len, texts)), np.int64))
        sums = np.concatenate((np.zeros(1, np.int64), np.cumsum(found, dtype=np.int64)))
        return np.diff(sums[ends], prepend=0)

    def width(self, text: str) -> float:
        """The width of one text in thousandths of the font size."""
        return float(sum(self.font.cw[ord(character)] for character in text))
