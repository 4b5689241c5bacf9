"""Bars and lines of a chart as vectors, with patterns for a printer without colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.documents.totals import ink

HATCHES = ((), ((1, 1),), ((1, -1),), ((1, 0),), ((0, 1),), ((1, 1), (1, -1)), ((1, 0), (0, 1)))
DASHES = (b"[1 2] 0 d", b"[4 2] 0 d", b"[] 0 d")  # as on the screen: what comes last is drawn through
_APART = 4.0


def bar(x: float, y: float, width: float, height: float, *, colour: str, hatch: int) -> bytes:
    """A filled box with thin white lines across it, in one of the ways of HATCHES."""
    box = b"%.2f %.2f %.2f %.2f re" % (x, y, width, height)
    drawn = [b"q %b %b f" % (ink(colour), box)]
    if lines := b" ".join(_lines(x, y, width, height, HATCHES[hatch % len(HATCHES)])):
        drawn.append(b"%b W n 1 G .6 w %b S" % (box, lines))
    drawn.append(b"Q q .6 G .4 w %b S Q\n" % box)
    return b" ".join(drawn)


def _lines(x: float, y: float, width: float, height: float, ways: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    for across, up in ways:
        if across and up:
            steps = int((width + height) / _APART) + 1
            for step in range(steps):
                at = x - height + step * _APART
                low, high = (y, y + height) if up > 0 else (y + height, y)
                yield b"%.2f %.2f m %.2f %.2f l" % (at, low, at + height, high)
        elif across:
            for step in range(1, int(height / _APART) + 1):
                yield b"%.2f %.2f m %.2f %.2f l" % (x, y + step * _APART, x + width, y + step * _APART)
        else:
            for step in range(1, int(width / _APART) + 1):
                yield b"%.2f %.2f m %.2f %.2f l" % (x + step * _APART, y, x + step * _APART, y + height)


def line(points: Sequence[tuple[float, float]], *, colour: str, dash: int) -> bytes:
    """A line through the points."""
    if not points:
        return b""
    (x, y), *others = points
    path = b" ".join([b"%.2f %.2f m" % (x, y), *(b"%.2f %.2f l" % point for point in others)])
    return b"q %b 1.4 w %b %b S Q\n" % (ink(colour).upper(), DASHES[dash % len(DASHES)], path)
