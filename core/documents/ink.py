"""One text at a time: measured, shaped where it must be, shortened or shrunk to fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from core.documents.fonts import Face
from core.documents.shaping import Shaper
from core.documents.text import clean, needs_shaping

SMALLEST = 5.2  # points; below that nobody reads a user name
LEADING = 6.0
WIDEST = 1.6  # times the size: no glyph is wider
# A cell stands in "(%b)Tj": these close the string, do what they like, and open an empty one again.
_OPEN, _CLOSE = b")Tj ", b" ("


class Ink:
    """Writes in one face; what the face has no glyph for, in the face beyond it."""

    def __init__(self, face: Face, beyond: Callable[[], Ink | None] = lambda: None) -> None:
        self.face = face
        self._beyond = beyond
        self._shaper = Shaper(face)

    def width(self, text: str, size: float) -> float:
        """The width of a clean text in points."""
        return self._units(text) * size / 1000

    def shorten(self, text: str, limit: float, size: float) -> str:
        """The text, or as much of it as fits and "…". For names only: never for what somebody has to type."""
        limit *= 1000 / size
        if needs_shaping(text):
            return self._shaper.fitting(text, limit)
        width, room = 0.0, limit - self.face.width("…")
        if self._units(text) <= limit:
            return text
        for index, (_character, advance) in enumerate(self._advances(text)):
            width += advance
            if width > room:
                return text[:index].rstrip() + "…"
        return text

    def show(self, text: str, size: float) -> bytes:
        """Operators that draw a clean text where the pen is, ending in this face at this size."""
        return b" ".join(
            ink._own(run, size)
            if ink is self
            else b"%b %.2f Tf %b %b %.2f Tf" % (*ink._at(run, size), *self._font(size))
            for ink, run in self._runs(text)
        )

    def line(self, text: str, x: float, y: float, size: float, *, limit: float = 0, right: bool = False) -> bytes:
        """A whole text object at a place; `right` makes x the right end."""
        text = clean(text)
        if WIDEST * size * len(text) > limit > 0:
            text = self.shorten(text, limit, size)
        left = x - self.width(text, size) if right else x
        return b"BT %b %.2f Tf %.2f %.2f Td %b ET\n" % (self.face.name, size, left, y, self.show(text, size))

    def cell(self, text: str, limit: float, size: float, *, exact: bool) -> tuple[bytes, int]:
        """What a cell needs that does not fit or must be shaped, and on how many lines it stands."""
        if not exact:
            return self._inside(self.show(self.shorten(text, limit, size), size)), 1
        shrunk = size * min(1, limit / max(self.width(text, size), 0.001))
        if shrunk >= SMALLEST:
            return self._inside(self._sized(self.show(text, shrunk), shrunk, size)), 1
        lines = self.wrap(text, limit)
        drawn = (b" 0 %.2f Td " % -LEADING).join(self.show(line, SMALLEST) for line in lines)
        drawn = b"0 3.2 Td %b 0 %.2f Td" % (drawn, LEADING * (len(lines) - 1) - 3.2)
        return self._inside(self._sized(drawn, SMALLEST, size)), len(lines)

    def resized(self, encoded: bytes, size: float, back_to: float) -> bytes:
        """A cell that fits when its encoded text stands a little smaller."""
        return self._inside(self._sized(b"(%b)Tj" % encoded, size, back_to))

    def wrap(self, text: str, limit: float) -> list[str]:
        """Break before an @ or after a dot where one is near, else anywhere. Nothing is lost."""
        lines, room = [""], limit * 1000 / SMALLEST
        width = 0.0
        for character, advance in self._advances(text):
            if width + advance > room and lines[-1]:
                cut = _break(lines[-1])
                lines[-1:] = [lines[-1][:cut], lines[-1][cut:]]
                width = self._units(lines[-1])
            lines[-1] += character
            width += advance
        return lines

    def paragraph(self, text: str, limit: float, size: float) -> list[str]:
        """Lines that fit, broken between words where that can be."""
        lines: list[str] = []
        for given in text.splitlines():
            words = [part for word in clean(given).split(" ") for part in self._parts(word, limit, size)]
            lines.append("")
            for word in words:
                longer = f"{lines[-1]} {word}".strip()
                if lines[-1] and self.width(longer, size) > limit:
                    lines.append(word)
                else:
                    lines[-1] = longer
        return lines

    def _parts(self, word: str, limit: float, size: float) -> list[str]:
        """The word, cut where it alone is wider than a line."""
        if self.width(word, size) <= limit:
            return [word]
        return self.wrap(word, limit * SMALLEST / size)

    def _runs(self, text: str) -> Iterator[tuple[Ink, str]]:
        """Stretches of the text, each with the ink that writes it; this one, with boxes, where none has the glyphs."""
        if text in self.face:
            yield self, text
            return
        writers = [(self._writer_of(character) or self, character) for character in text]
        for ink, run in groupby(writers, key=lambda pair: pair[0]):
            yield ink, "".join(character for _, character in run)

    def _writer_of(self, character: str) -> Ink | None:
        if character in self.face:
            return self
        beyond = self._beyond()
        return beyond._writer_of(character) if beyond else None

    def _units(self, text: str) -> float:
        return sum(
            ink._shaper.shape(run).width if needs_shaping(run) else ink.face.width(run) for ink, run in self._runs(text)
        )

    def _advances(self, text: str) -> Iterator[tuple[str, float]]:
        """Each character and its width."""
        for ink, run in self._runs(text):
            yield from zip(run, map(ink.face.font.cw.__getitem__, map(ord, run)), strict=True)

    def _own(self, text: str, size: float) -> bytes:
        if needs_shaping(text):
            return self._shaper.shape(text).operators(size)
        return b"(%b)Tj" % self.face.encode([text])[0]

    def _at(self, text: str, size: float) -> tuple[bytes, float, bytes]:
        return self.face.name, size, self._own(text, size)

    def _font(self, size: float) -> tuple[bytes, float]:
        return self.face.name, size

    def _sized(self, drawn: bytes, size: float, back_to: float) -> bytes:
        return b"%b %.1f Tf %b %b %.1f Tf" % (self.face.name, size, drawn, self.face.name, back_to)

    def _inside(self, operators: bytes) -> bytes:
        return _OPEN + operators + _CLOSE


def _break(line: str) -> int:
    """Where to break a line that is full: in its last third, before an @ or after a dot."""
    place = max(line.rfind("@"), line.rfind(".") + 1)
    return place if 3 * place > 2 * len(line) else len(line)
