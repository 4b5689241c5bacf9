"""Account status on paper: the four numbers and the charts, A4 across, legible in grey."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from core.documents import letterhead
from core.documents.letterhead import FOOT, LEFT, RIGHT
from core.documents.papers import PaperChart, StatusReport
from core.documents.report_pdf import ReportPDF
from core.documents.status_blocks import GAP, Block, height, rows_that_fit

TOP = 512.0
BETWEEN = 22.0
APART = 10.0
HALF = (RIGHT - LEFT - BETWEEN) / 2
NUMBERS = 56.0
FOOT_WORDS = "Counts only, no names. Numbers are those of the moment of printing."


def render(paper: StatusReport) -> bytes:
    """The PDF file."""
    pdf = ReportPDF(paper.head, orientation="L")
    pages = list(_pages(pdf, paper))
    for number, drawn in enumerate(pages, 1):
        head = letterhead.top(paper.head, pdf)
        foot = letterhead.foot(pdf.plain, words=FOOT_WORDS)
        pdf.page_of(head + drawn + foot + letterhead.page_number(pdf.plain, page=number, pages=len(pages)))
    return pdf.finished()


def _pages(pdf: ReportPDF, paper: StatusReport) -> Iterator[bytes]:
    """Lines of one wide chart or two small ones, from top to bottom, on as many pages as they need."""
    drawn, y = _numbers(pdf, paper), TOP - NUMBERS
    for line in _lines(paper.charts):
        for part in _parts(line, y):
            tall = max(height(chart) for chart in part)
            if y - tall < FOOT:
                yield drawn
                drawn, y = b"", TOP
            for place, chart in enumerate(part):
                width = RIGHT - LEFT if chart.wide else HALF
                drawn += Block(pdf, chart, LEFT + place * (HALF + BETWEEN), y, width).drawn()
            y -= tall + GAP
    yield drawn


def _lines(charts: tuple[PaperChart, ...]) -> Iterator[list[PaperChart]]:
    waiting = list[PaperChart]()
    for chart in charts:
        if chart.wide:
            if waiting:
                yield waiting
            waiting = []
            yield [chart]
        else:
            waiting.append(chart)
            if len(waiting) == 2:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def _parts(line: list[PaperChart], y: float) -> Iterator[list[PaperChart]]:
    """A chart of very many rows goes on, on the next page."""
    room = y - FOOT
    while line[0].wide and height(line[0]) > (room if room > 150 else TOP - FOOT):
        chart, room = line[0], room if room > 150 else TOP - FOOT
        fit = rows_that_fit(chart, room)
        yield [_cut(chart, 0, fit)]
        line, room = [replace(_cut(chart, fit, len(chart.rows)), title=chart.title)], TOP - FOOT
    yield line


def _cut(chart: PaperChart, begin: int, end: int) -> PaperChart:
    return replace(chart, rows=chart.rows[begin:end], numbers=chart.numbers[begin:end], shares=chart.shares[begin:end])


def _numbers(pdf: ReportPDF, paper: StatusReport) -> bytes:
    """The headlines side by side."""
    width, drawn = (RIGHT - LEFT + APART) / max(1, len(paper.headlines)), list[bytes]()
    for place, (number, label, change) in enumerate(paper.headlines):
        x = LEFT + place * width
        drawn += [
            b"q .8 G .6 w %.1f %.1f %.1f %.1f re S Q\n" % (x, TOP - 46, width - APART, 44),
            pdf.bold.line(number, x + 8, TOP - 22, 16),
            pdf.plain.line(label, x + 8, TOP - 36, 8, limit=width - 20),
            b".35 g\n" + pdf.plain.line(change, x + width - 18, TOP - 22, 7.5, right=True) + b"0 g\n",
        ]
    return b"".join(drawn)
