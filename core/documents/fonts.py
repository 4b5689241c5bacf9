"""The faces of our documents: characters become glyph ids and widths, many at once.

Uses names of fpdf2 that are not public; its version is pinned and tests/documents reads every cell back.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
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
Lengths = np.ndarray[Any, np.dtype[np.int64]]
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
    """One font of one document. `missing` are the characters for which a box was drawn.

    `foreign` are those that a whole column held and the font has not: their texts are drawn one by one (see ink).
    """

    def __init__(self, font: TTFFont) -> None:
        self.font = font
        self.missing: dict[int, None] = {}
        self.foreign: set[str] = set()
        self._ids = _GlyphIds(font, self.missing)
        self._glyphs = np.zeros(0x110000, np.uint16)  # 0: not looked up yet
        self._widths = np.zeros(0x110000, np.int16)

    @property
    def name(self) -> bytes:
        """What content streams call the font."""
        return b"/F%d" % self.font.i

    def __contains__(self, text: str) -> bool:
        """Whether it has a glyph for every character."""
        return self._known.issuperset(text)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(map(chr, self.font.glyph_ids))

    def encode(self, texts: Sequence[str]) -> list[bytes]:
        """The bytes of PDF strings, without their parentheses, of a few clean texts."""
        return _strings(SEPARATOR.join(texts).translate(self._ids).encode("utf-16-be"))

    def encode_and_measure(self, texts: Sequence[str]) -> tuple[list[bytes], Lengths]:
        """The same for many, by numpy, and their widths in thousandths of the font size."""
        codes = np.frombuffer(SEPARATOR.join(texts).encode("utf-32-le"), np.uint32)
        glyphs = self._glyphs[codes]
        if glyphs.size and not glyphs.all():
            for code in np.unique(codes[glyphs == 0]).tolist():
                self._look_up(code)
            self._widths[ord(SEPARATOR)] = 0
            glyphs = self._glyphs[codes]
        return _strings(glyphs.astype(">u2").tobytes()), self._lengths(codes, texts)

    def with_foreign(self, texts: Sequence[str]) -> list[int]:
        """Which of the texts hold characters that the font has not."""
        if not self.foreign:
            return []
        return [index for index, text in enumerate(texts) if not self.foreign.isdisjoint(text)]

    def _look_up(self, code: int) -> None:
        self._widths[code] = self.font.cw[code]
        if chr(code) in self._known or code == ord(SEPARATOR):
            self._glyphs[code] = self._ids[code]
        else:  # any glyph will do: it is not drawn
            self._glyphs[code] = self._ids[ord("?")]
            self.foreign.add(chr(code))

    def _lengths(self, codes: Any, texts: Sequence[str]) -> Lengths:
        ends = np.cumsum(np.array(list(map(len, texts)), np.int64)) + np.arange(len(texts))
        sums = np.concatenate((np.zeros(1, np.int64), np.cumsum(self._widths[codes], dtype=np.int64)))
        lengths: Lengths = np.diff(sums[ends], prepend=0)
        return lengths

    def width(self, text: str) -> float:
        """The width of one text in thousandths of the font size."""
        return float(sum(map(self.font.cw.__getitem__, map(ord, text))))


def _strings(joined: bytes) -> list[bytes]:
    for special, written in ((b"\\", b"\\\\"), (b"(", b"\\("), (b")", b"\\)"), (b"\r", b"\\r")):
        joined = joined.replace(special, written)
    return joined.split(_SEPARATOR_BYTES)
