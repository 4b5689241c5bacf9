"""Where things stand on a slip and slips on a page, in points. A4 upright."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 595.28, 841.89
SIDE, TOP, FOOT = 22.0, 18.0, 34.0  # margins
_PER_PAGE = {2: (1, 2, 1.75, 1.0), 4: (2, 2, 1.0, 1.85), 8: (2, 4, 1.0, 1.0)}


@dataclass(frozen=True)
class Sheet:
    """So many slips on a page: how wide and high each is, how much larger its type, how much wider its lines."""

    columns: int
    rows: int
    scale: float
    air: float

    @property
    def width(self) -> float:
        return (WIDTH - 2 * SIDE) / self.columns

    @property
    def height(self) -> float:
        return (HEIGHT - TOP - FOOT) / self.rows

    @property
    def pad(self) -> float:
        return 12 * self.scale

    @property
    def code(self) -> float:
        """The side of a QR code: 25 mm where eight stand on a page."""
        return 70 * self.scale * (1.25 if self.air > 1 else 1)

    @property
    def room(self) -> float:
        """For a line across the slip."""
        return self.width - 2 * self.pad

    @property
    def narrow(self) -> float:
        """For a line beside the code, which wants four modules of white around it."""
        return self.room - self.code - 12 * self.scale

    @property
    def upper(self) -> float:
        """Where a code begins, below the upper edge."""
        return self.down(48)

    @property
    def number(self) -> int:
        """How many on a page."""
        return self.columns * self.rows

    def down(self, points: float) -> float:
        """How far below the upper edge a line stands whose place on the smallest slip is `points`."""
        return -points * self.scale * self.air

    def corner(self, index: int) -> tuple[float, float]:
        """The upper left corner of a slip of the page."""
        return SIDE + (index % self.columns) * self.width, HEIGHT - TOP - (index // self.columns) * self.height

    def cuts(self) -> bytes:
        """Dashed lines between slips and under the last, from edge to edge."""
        upright = [b"%.2f %.2f m %.2f %.2f l\n" % (x, FOOT, x, HEIGHT) for x in self._between()]
        across = [
            b"0 %.2f m %.2f %.2f l\n" % (y, WIDTH, y)
            for y in (HEIGHT - TOP - row * self.height for row in range(1, self.rows + 1))
        ]
        return b"q 0.5 w .6 G [3 3] 0 d\n" + b"".join([*upright, *across]) + b"S Q\n"

    def _between(self) -> list[float]:
        return [SIDE + column * self.width for column in range(1, self.columns)]


def sheet(per_page: int) -> Sheet:
    """Two, four or eight on a page."""
    return Sheet(*_PER_PAGE[per_page])
