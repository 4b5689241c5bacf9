"""Which rows stand on which page: a class that fits on one page is not split, and nothing stands alone at a foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measures:
    """Heights in points: of the space for rows on a page, of one ordinary row, and of what surrounds a class."""

    page: float
    row: float
    heading: float
    closing: float


@dataclass(frozen=True)
class Piece:
    """Rows `begin` to `end` of a class, its heading `top` points below the beginning of the space for rows."""

    group: int
    begin: int
    end: int
    top: float
    closes: bool

    @property
    def continued(self) -> bool:
        return self.begin > 0


@dataclass(frozen=True)
class Plan:
    """The pieces of each page, and how far below the beginning of the last page's space the ending stands."""

    pages: list[list[Piece]]
    ending_top: float


def plan(counts: Sequence[int], tall: Mapping[int, Mapping[int, float]], measures: Measures, *, ending: float) -> Plan:
    """Lay out classes of so many rows. `tall` gives, by class, the rows that are higher than the others."""
    made: list[list[Piece]] = [[]]
    used = 0.0
    for group, count in enumerate(counts):
        used = _lay(made, group, _heights(count, tall.get(group, {}), measures), used, measures)
    if used + ending > measures.page:
        return Plan([*made, []], 0)
    return Plan(made, used)


def _heights(count: int, tall: Mapping[int, float], measures: Measures) -> list[float]:
    heights = [measures.row] * count
    for index, height in tall.items():
        heights[index] = min(height, measures.page - measures.heading - measures.closing)
    return heights


def _lay(made: list[list[Piece]], group: int, heights: list[float], used: float, measures: Measures) -> float:
    """Add one class and tell how far its last page is filled."""
    whole = measures.heading + sum(heights) + measures.closing
    if used and used + whole > measures.page:
        made.append([])
        used = 0.0
    begin = 0
    while True:
        end = _last_that_fits(heights, begin, measures.page - used - measures.heading, measures.closing)
        made[-1].append(Piece(group, begin, end, used, closes=end == len(heights)))
        if end == len(heights):
            return used + measures.heading + sum(heights[begin:end]) + measures.closing
        made.append([])
        begin, used = end, 0.0


def _last_that_fits(heights: list[float], begin: int, room: float, closing: float) -> int:
    """The end of the rows that fit; the last row of a class takes its closing line along."""
    end, filled = begin, 0.0
    while end < len(heights):
        needed = heights[end] + (closing if end == len(heights) - 1 else 0)
        if filled + needed > room and end > begin:
            return end
        filled += heights[end]
        end += 1
    return end
