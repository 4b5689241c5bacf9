"""One chart of Account status in its place on the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from core.documents import bars
from core.documents.moments import MONTHS
from core.documents.papers import PaperChart
from core.documents.report_pdf import ReportPDF

ROW, BAR, HEADING, LEGEND, PLOT, GAP = 15.0, 10.5, 30.0, 14.0, 110.0, 14.0
NAMES, LETTER = 92.0, 4.6  # room for the names of rows; the width of a digit in a bar


def height(chart: PaperChart) -> float:
    """How much room it needs."""
    if chart.kind == "lines":
        return HEADING + LEGEND + PLOT + 14
    legend = LEGEND if chart.kind == "stack" else 0.0
    return HEADING + legend + ROW * max(1, len(chart.rows))


def rows_that_fit(chart: PaperChart, room: float) -> int:
    """How many of its rows stand in the room; at least one."""
    return max(1, int((room - HEADING - LEGEND) / ROW))


@dataclass(frozen=True)
class Block:
    """A chart from its upper left corner."""

    pdf: ReportPDF
    chart: PaperChart
    x: float
    top: float
    width: float

    def drawn(self) -> bytes:
        """Title, meaning, legend and marks."""
        head = [
            self.pdf.bold.line(self.chart.title, self.x, self.top - 11, 10, limit=self.width),
            b".35 g\n" + self.pdf.plain.line(self.chart.meaning, self.x, self.top - 22, 7, limit=self.width) + b"0 g\n",
        ]
        if not any(map(sum, self.chart.numbers)):
            return b"".join([*head, self.pdf.plain.line("Nobody, so far.", self.x, self.top - HEADING - 10, 8)])
        draw = {"stack": self._stack, "bars": self._bars, "lines": self._lines}[self.chart.kind]
        return b"".join([*head, *draw()])

    def _stack(self) -> Iterator[bytes]:
        yield from self._legend()
        names = NAMES if any(self.chart.rows) else 0.0
        widest = max(map(sum, self.chart.numbers))
        scale = (self.width - names) / widest
        for place, row in enumerate(self.chart.rows):
            y, x = self._row(place, LEGEND), self.x + names
            share = f"  {self.chart.shares[place]}" if self.chart.shares else ""
            yield self.pdf.plain.line(f"{row}{share}", self.x, y + 2, 7.5, limit=NAMES - 4)
            for series, number in enumerate(self.chart.numbers[place]):
                if number:
                    yield self._segment(x, y, number * scale, series, number)
                    x += number * scale

    def _segment(self, x: float, y: float, width: float, series: int, number: int) -> bytes:
        """A part of a bar, with its number on white where there is room."""
        chart, said = self.chart, f"{number:,}"
        drawn = bars.bar(x, y, width, BAR, colour=chart.colours[series], hatch=chart.hatches[series])
        needed = LETTER * len(said) + 4
        if width < needed + 2:
            return drawn
        left = x + (width - needed) / 2
        label = b"q 1 g %.2f %.2f %.2f %.2f re f Q\n" % (left, y + 1.4, needed, BAR - 2.8)
        return drawn + label + self.pdf.plain.line(said, left + 2, y + 2.7, 7)

    def _bars(self) -> Iterator[bytes]:
        numbers = [row[0] for row in self.chart.numbers]
        names = self._names()
        scale = (self.width - names - 60) / max(1, *numbers)
        for place, number in enumerate(numbers):
            y = self._row(place, 0)
            yield self.pdf.plain.line(self.chart.rows[place], self.x, y + 2, 7.5, limit=names - 6)
            yield bars.bar(self.x + names, y, number * scale, BAR, colour=self.chart.colours[0], hatch=0)
            share = f"  {self.chart.shares[place]}" if self.chart.shares else ""
            yield self.pdf.plain.line(f"{number:,}{share}", self.x + names + number * scale + 4, y + 2, 7.5)

    def _names(self) -> float:
        """The same room beside all small charts, unless a name would be cut off in it."""
        longest = max(self.pdf.plain.width(row, 7.5) for row in self.chart.rows)
        return min(max(170.0 if self.chart.wide else self.width * 0.42, longest + 8), self.width * 0.6)

    def _lines(self) -> Iterator[bytes]:
        yield from self._legend()
        top, foot = self.top - HEADING - LEGEND, self.top - HEADING - LEGEND - PLOT
        highest, left = max(1, *map(max, self.chart.numbers)), self.x + 26
        across, up = (self.width - 30) / max(1, len(self.chart.rows) - 1), PLOT / highest
        yield b"q .8 G .4 w %.1f %.1f m %.1f %.1f l %.1f %.1f m %.1f %.1f l S Q\n" % (
            *(left, foot, self.x + self.width, foot),
            *(left, top, self.x + self.width, top),
        )
        yield self.pdf.plain.line(f"{highest:,}", left - 4, top - 3, 7, right=True)
        yield self.pdf.plain.line("0", left - 4, foot - 3, 7, right=True)
        for place in range(0, len(self.chart.rows), 7):
            yield self.pdf.plain.line(_day(self.chart.rows[place]), left + place * across, foot - 11, 7)
        for series, colour in enumerate(self.chart.colours):
            points = [(left + at * across, foot + row[series] * up) for at, row in enumerate(self.chart.numbers)]
            yield bars.line(points, colour=colour, dash=self.chart.hatches[series])

    def _legend(self) -> Iterator[bytes]:
        x, y = self.x, self.top - HEADING - 6
        for place, said in enumerate(self.chart.series):
            colour, hatch = self.chart.colours[place], self.chart.hatches[place]
            if self.chart.kind == "lines":
                yield bars.line([(x, y + 3), (x + 16, y + 3)], colour=colour, dash=hatch)
            else:
                yield bars.bar(x, y, 16, 7, colour=colour, hatch=hatch)
            yield self.pdf.plain.line(said, x + 19, y + 0.5, 7)
            x += 27 + self.pdf.plain.width(said, 7)

    def _row(self, place: int, below: float) -> float:
        return self.top - HEADING - below - ROW * (place + 1) + (ROW - BAR)


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day} {MONTHS[day.month - 1]}"
