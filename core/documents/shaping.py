"""Arabic, Hebrew and other scripts whose glyphs depend on one another: shaped once per distinct text, then copied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import uharfbuzz as hb
from fpdf.bidi import BidiParagraph
from fpdf.fonts import Glyph, TTFFont

from core.documents.fonts import Face, box


@dataclass(frozen=True)
class Shaped:
    """Operators that draw the text from where the pen is, for a font of size 1000; its width in those units."""

    pieces: tuple[tuple[float, bytes], ...]  # (rise, TJ array)
    width: float

    def operators(self, size: float) -> bytes:
        """Draw at `size`, ending with the rise at zero."""
        drawn, risen = [], False
        for rise, array in self.pieces:
            if rise or risen:
                drawn.append(b"%.2f Ts" % (rise * size / 1000))
            drawn.append(b"[%b]TJ" % array)
            risen = bool(rise)
        return b" ".join([*drawn, b"0 Ts"] if risen else drawn)


class Shaper:
    """Shapes the texts of one face."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._known: dict[str, Shaped] = {}

    def shape(self, text: str) -> Shaped:
        if text not in self._known:
            self._known[text] = self._shape(text)
        return self._known[text]

    def fitting(self, text: str, limit: float) -> str:
        """The longest beginning of `text` that fits into `limit` thousandths, with "…" where something is missing."""
        if self.shape(text).width <= limit:
            return text
        low, high = 0, min(len(text), 200)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self._shape(text[:middle].rstrip() + "…").width <= limit
            low, high = (middle, high) if fits else (low, middle - 1)
        return text[:low].rstrip() + "…"

    def _shape(self, text: str) -> Shaped:
        glyphs = [glyph for run, level in _visual_runs(text) for glyph in self._glyphs(run, right_to_left=level % 2)]
        pieces = tuple(
            (rise, b"".join(_adjusted(glyph) for glyph in group)) for rise, group in groupby(glyphs, lambda g: g.rise)
        )
        return Shaped(pieces, sum(glyph.advance for glyph in glyphs))

    def _glyphs(self, run: str, *, right_to_left: int) -> Iterator[_Placed]:
        font = self._face.font
        buffer = hb.Buffer()
        buffer.add_str(run)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if right_to_left else "ltr"
        hb.shape(font.hbfont, buffer)
        infos, positions = buffer.glyph_infos, buffer.glyph_positions
        meant = _clusters(run, [info.cluster for info in infos])
        for info, place in zip(infos, positions, strict=True):
            codes = meant.pop(info.cluster, ())
            glyph = self._pick(font, info.codepoint, codes)
            if glyph is not None:
                scale = font.scale
                yield _Placed(*glyph, place.x_advance * scale, place.x_offset * scale, place.y_offset * scale)

    def _pick(self, font: TTFFont, glyph_id: int, codes: tuple[int, ...]) -> tuple[int, float] | None:
        if glyph_id == 0:
            return (box(font, codes, self._face.missing), font.desc.missing_width) if codes else None
        name = font.ttfont.getGlyphName(glyph_id)
        width = round(font.scale * font.ttfont["hmtx"].metrics[name][0])
        return font.subset.pick_glyph(Glyph(glyph_id, codes, name, width)) or 0, width


@dataclass(frozen=True)
class _Placed:
    """A glyph of the subset: its own width, how far the pen goes on, where it stands off."""

    glyph: int
    width: float
    advance: float
    shift: float
    rise: float


def _adjusted(placed: _Placed) -> bytes:
    code = placed.glyph.to_bytes(2, "big").hex().encode()
    before, after = -round(placed.shift), round(placed.width + placed.shift - placed.advance)
    return (b"%d" % before if before else b"") + b"<%b>" % code + (b"%d" % after if after else b"")


def _visual_runs(text: str) -> Iterator[tuple[str, int]]:
    """Stretches of one level in the order in which they are seen, each in the order in which it is read."""
    for level, run in groupby(BidiParagraph(text).get_reordered_characters(), lambda c: c.embedding_level):
        characters = [character.character for character in run]
        yield "".join(reversed(characters) if level % 2 else characters), level


def _clusters(text: str, starts: list[int]) -> dict[int, tuple[int, ...]]:
    """Which characters each cluster stands for; its first glyph carries them, up to the eight that readers take."""
    begins: list[Any] = sorted(set(starts))
    ends = [*begins[1:], len(text)]
    return {begin: tuple(map(ord, text[begin:end][:8])) for begin, end in zip(begins, ends, strict=True)}
