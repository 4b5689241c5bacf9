"""Everything held about one person, to hand over: sections of names and values, A4 across."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.documents import letterhead
from core.documents.letterhead import FOOT, LEFT, RIGHT, TOP
from core.documents.papers import SubjectFile
from core.documents.report_pdf import ReportPDF, about_boxes

SIZE, LINE, GAP = 8.0, 11.0, 7.0
_NAMES, _VALUES = 150.0, RIGHT - LEFT - 160.0
PERSONAL = "Contains personal data: for this person, and for whoever answers their request."
Block = tuple[float, bytes, str]  # its height, what is drawn at 0, the bookmark it begins


def render(paper: SubjectFile) -> bytes:
    """The PDF file."""
    pdf = ReportPDF(paper.head, orientation="L", confidential=True)
    blocks = list(_blocks(pdf, paper))
    blocks += [_text(pdf, note) for note in about_boxes(pdf.missing())]
    pages = _pages(blocks)
    top, foot = letterhead.top(paper.head, pdf), letterhead.foot(pdf.plain, words=PERSONAL)
    for number, page in enumerate(pages, 1):
        drawn, y = [top, foot, letterhead.page_number(pdf.plain, page=number, pages=len(pages))], TOP
        marks = []
        for height, operators, mark in page:
            drawn.append(b"q 1 0 0 1 0 %.2f cm\n%bQ\n" % (y, operators))
            marks += [(mark, y)] if mark else []
            y -= height
        pdf.page_of(b"".join(drawn))
        for mark, at in marks:
            pdf.bookmark(mark, top=at)
    return pdf.finished()


def _blocks(pdf: ReportPDF, paper: SubjectFile) -> Iterator[Block]:
    for line in paper.notes:
        yield _text(pdf, line)
    for title, rows in paper.sections:
        yield 26.0, pdf.bold.line(title, LEFT, -18, 11), title
        for row in rows:
            for name, value in row:
                yield from _pair(pdf, name, value)
            yield GAP, b"0.3 w .8 G %.1f -3 m %.1f -3 l S\n" % (LEFT, RIGHT), ""


def _text(pdf: ReportPDF, text: str) -> Block:
    lines = pdf.plain.paragraph(text, RIGHT - LEFT, SIZE + 1)
    drawn = [pdf.plain.line(line, LEFT, -LINE * (at + 1), SIZE + 1) for at, line in enumerate(lines)]
    return LINE * len(lines) + 3, b"".join(drawn), ""


def _pair(pdf: ReportPDF, name: str, value: str) -> Iterator[Block]:
    """A name with its value; a long value may go on, on the next page."""
    for at, line in enumerate(pdf.plain.paragraph(value, _VALUES, SIZE)):
        label = b".35 g\n" + pdf.plain.line(name, LEFT, -9, SIZE, limit=_NAMES) + b"0 g\n" if not at else b""
        yield LINE, label + pdf.plain.line(line, LEFT + 160, -9, SIZE), ""


def _pages(blocks: Sequence[Block]) -> list[list[Block]]:
    """A heading does not stand alone at the foot of a page."""
    pages: list[list[Block]] = [[]]
    room = TOP - FOOT
    for block in blocks:
        needed = block[0] + (3 * LINE if block[2] else 0)
        if needed > room and pages[-1]:
            pages.append([])
            room = TOP - FOOT
        pages[-1].append(block)
        room -= block[0]
    return pages
