"""Rows of a table as bytes of a content stream: whole columns are encoded and measured at once.

A row is one stretch of operators that leaves the pen at the beginning of the next row, so rows can stand anywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import numpy as np

from core.documents.ink import LEADING, SMALLEST, WIDEST, Ink
from core.documents.text import clean, clean_all, needs_shaping, places_to_shape

GAP = 5  # points between a text and the next column
SECOND_LINE, SECOND_SIZE = 9.0, 6.0  # how much higher a row is with a second line, and the size of that line


_ASCII_PER_POINT = 1.5 / SMALLEST  # so many of the widest letters of ASCII surely stand on two lines


@dataclass(frozen=True)
class Column:
    """`exact`: never shortened, but shrunk and then wrapped. `few`: not many distinct values, so they are kept.

    `mono`: has to be typed.
    """

    heading: str
    width: int
    exact: bool = True
    few: bool = False
    grey: bool = False
    mono: bool = False


@dataclass(frozen=True)
class Rows:
    """Cells ready for the page, row by row, and the height of each row."""

    cells: list[tuple[bytes, ...]]
    heights: list[float]


class Grid:
    """A table of one face and size. Cells are str; what they hold is cleaned here.

    `second`: columns on a second line of each row, smaller and grey, from below the second column on. None is exact.
    """

    def __init__(
        self,
        ink: Ink,
        columns: Sequence[Column],
        *,
        size: float,
        row_height: float,
        mono: Ink | None = None,
        second: Sequence[Column] = (),
    ) -> None:
        self.ink, self.columns, self.size = ink, [*columns, *second], size
        self.row_height = row_height + (SECOND_LINE if second else 0)
        self.inks = [mono if mono and column.mono else ink for column in self.columns]
        self.width = sum(column.width for column in columns)
        sizes = [*[size] * len(columns), *[SECOND_SIZE] * len(second)]
        self._kept = [_Kept(*of) for of in zip(self.columns, self.inks, sizes, strict=True)]
        self._ordinary = _Ordinary(self)
        self._base = row_height / 2 + 0.36 * size
        self._row = b"".join(map(self._cell, columns, self.inks))
        self._second = b"".join(self._cell(column, ink) for column in second)
        self._indent, self._second_width = columns[0].width, sum(column.width for column in second)

    def rows(self, columns: Sequence[Sequence[str]]) -> Rows:
        """Encode whole columns. Tall are the rows whose user name, code or address had to be wrapped."""
        lines: Counter[int] = Counter()
        encoded = [self._column(kept, texts, lines) for kept, texts in zip(self._kept, columns, strict=True)]
        heights = [self.row_height] * len(columns[0])
        for index, count in lines.items():
            heights[index] = self.height_of(count)
        return Rows(list(zip(*encoded, strict=True)), heights)

    def height_of(self, lines: int) -> float:
        """How high a row is whose longest cell stands on so many lines; two fit into an ordinary row."""
        return self.row_height + LEADING * max(0, lines - 2)

    def draw(self, rows: Rows, begin: int, end: int, *, x: float, top: float) -> bytes:
        """Rows `begin` to `end` (exclusive) with hairlines below them, `top` being where the first row begins."""
        heights = rows.heights[begin:end]
        if heights.count(self.row_height) == len(heights):
            template = self._ordinary[len(heights)]
        else:
            template = self._template(heights)
        texts = template % tuple(chain.from_iterable(rows.cells[begin:end]))
        return b"q 1 0 0 1 %.2f %.2f cm\n%bQ\n" % (x, top, texts)

    def _template(self, heights: Sequence[float]) -> bytes:
        """Rules and texts of so many rows, from the upper left corner; the texts are to be filled in."""
        rules = b"".join([b"0 -%.1f m %d -%.1f l\n" % (y, self.width, y) for y in accumulate(heights)])
        start = b"BT %b %.2f Tf 0 -%.2f Td\n" % (self.ink.face.name, self.size, self._base)
        return b"0.3 w 0.75 G\n%bS\n%b%bET\n" % (rules, start, b"".join(map(self._written, heights)))

    def _written(self, height: float) -> bytes:
        """The texts of a row so high, and the way to the next."""
        if not self._second:
            return self._row + b"-%d -%.1f Td\n" % (self.width, height)
        face, lower = self.ink.face.name, SECOND_LINE + height - self.row_height
        down = b"-%d -%.1f Td %b %.2f Tf .35 g " % (self.width - self._indent, lower, face, SECOND_SIZE)
        on = b"-%d -%.1f Td %b %.2f Tf 0 g\n" % (self._indent + self._second_width, height - lower, face, self.size)
        return self._row + down + self._second + on

    def _column(self, kept: _Kept, texts: Sequence[str], lines: Counter[int]) -> list[bytes]:
        if kept.column.few:
            return list(map(kept.__getitem__, texts))
        return self._many(kept, clean_all(texts), lines)

    def _many(self, kept: _Kept, texts: list[str], lines: Counter[int]) -> list[bytes]:
        column, ink, room = kept.column, kept.ink, kept.column.width - GAP
        encoded, widths = ink.face.encode_and_measure(texts)
        sizes = _sizes(widths, room)
        shaped = _to_shape(texts).union(ink.face.with_foreign(texts))
        for index in np.flatnonzero(sizes < kept.size).tolist():
            if column.exact and sizes[index] >= SMALLEST and index not in shaped:
                encoded[index] = ink.resized(encoded[index], float(sizes[index]), kept.size)
            else:
                shaped.add(index)
        for index in shaped:
            encoded[index], count = ink.cell(texts[index], room, kept.size, exact=column.exact)
            lines[index] = max(lines[index], count)
        return encoded

    def _cell(self, column: Column, ink: Ink) -> bytes:
        shown = b".4 g(%b)Tj 0 g" if column.grey else b"(%b)Tj"
        if ink is not self.ink:
            shown = b"%b %.2f Tf(%%b)Tj %b %.2f Tf" % (ink.face.name, self.size, self.ink.face.name, self.size)
        return shown + b" %d 0 Td " % column.width

    def tall(self, columns: Mapping[int, Sequence[str]]) -> dict[int, float]:
        """Which rows are higher than the others: what has to be known before pages are counted. Exact columns only."""
        lines: Counter[int] = Counter()
        for number, texts in columns.items():
            room, letters = self.columns[number].width - GAP, self.columns[number].width * _ASCII_PER_POINT
            long = [index for index, text in enumerate(texts) if len(text) > letters or not text.isascii()]
            cleaned = [clean(texts[index]) for index in long]
            ink = self.inks[number]
            sizes = _sizes(ink.face.encode_and_measure(cleaned)[1], room).tolist()
            for index, text, size in zip(long, cleaned, sizes, strict=True):
                if (
                    size < 0.65 * SMALLEST
                ):  # lines are at least two thirds full, so anything less long needs two at most
                    lines[index] = max(lines[index], len(ink.wrap(text, room)))
        return {index: self.height_of(count) for index, count in lines.items() if count > 2}


def _sizes(widths: Any, room: float) -> Any:
    """The size at which each text would fill the room, in steps that one does not see."""
    return np.floor(room * 10_000 / np.maximum(widths, 1)) / 10


def _to_shape(texts: list[str]) -> set[int]:
    """Which texts must be shaped, found in one search through all of them."""
    places = places_to_shape("".join(texts))
    if not places:
        return set()
    ends = list(accumulate(map(len, texts)))
    return {bisect_right(ends, place) for place in places}


class _Ordinary(dict[int, bytes]):
    """Templates for so many rows of ordinary height."""

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.grid = grid

    def __missing__(self, rows: int) -> bytes:
        self[rows] = made = self.grid._template([self.grid.row_height] * rows)
        return made


class _Kept(dict[str, bytes]):
    """The encoded cells of a column with few values."""

    def __init__(self, column: Column, ink: Ink, size: float) -> None:
        super().__init__()
        self.column, self.ink, self.size = column, ink, size

    def __missing__(self, text: str) -> bytes:
        cleaned, ink, room = clean(text), self.ink, self.column.width - GAP
        plain = not needs_shaping(cleaned) and cleaned in ink.face
        fits = plain and (WIDEST * len(cleaned) * self.size <= room or ink.width(cleaned, self.size) <= room)
        drawn = (
            ink.face.encode([cleaned])[0] if fits else ink.cell(cleaned, room, self.size, exact=self.column.exact)[0]
        )
        self[text] = drawn
        return drawn
