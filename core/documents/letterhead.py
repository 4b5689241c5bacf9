"""What stands at the top and the foot of each page of a list, A4 across."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from core.documents.grid import Column
from core.documents.ink import Ink
from core.documents.moments import day_and_time
from core.documents.papers import Letterhead
from core.documents.report_pdf import ReportPDF

LEFT, RIGHT = 28.0, 813.0
TOP, FOOT = 500.0, 38.0  # between them stand the rows
_MIDDLE, LOGO = 470.0, 34.0


def top(head: Letterhead, pdf: ReportPDF) -> bytes:
    """School and its logo, title, scope, when and by whom."""
    printed = f"{head.printed_by} · {day_and_time(head.created, ZoneInfo(head.zone))}"
    beside = LOGO * pdf.logo.shape + 10 if pdf.logo else 0.0
    beside = min(beside, 110.0)
    left, right, x = _MIDDLE - LEFT - 10 - beside, RIGHT - _MIDDLE, LEFT + beside
    plain, bold = pdf.plain, pdf.bold
    return b"".join(
        (
            pdf.logo.drawn(LEFT, 568, height=LOGO, width=100) if pdf.logo else b"",
            b".35 g\n",
            plain.line(head.school, x, 559, 9, limit=left),
            plain.line(head.period, RIGHT, 559, 8, limit=right, right=True),
            plain.line(printed, RIGHT, 537, 8, limit=right, right=True),
            b"0 g\n",
            bold.line(head.title, x, 539, 16, limit=left),
            bold.line(head.scope, RIGHT, 548, 8, limit=right, right=True),
            b"0 G 1 w %.1f 529 m %.1f 529 l S\n" % (LEFT, RIGHT),
        )
    )


def foot(plain: Ink, *, words: str) -> bytes:
    """A line of words on the left, the same on all pages."""
    return b".35 g\n" + plain.line(words, LEFT, 20, 7.5, limit=600) + b"0 g\n"


def page_number(plain: Ink, *, page: int, pages: int) -> bytes:
    """Page 3 of 12, on the right."""
    return b".35 g\n" + plain.line(f"Page {page} of {pages}", RIGHT, 20, 7.5, right=True)


def headings(bold: Ink, columns: Sequence[Column]) -> bytes:
    """The names of the columns, on one line or two, above a rule."""
    drawn, x = [], LEFT
    for column in columns:
        for row, text in enumerate(reversed(column.heading.split("\n"))):
            drawn.append((-row, bold.line(text, x, 508 + 8 * row, 6.8)))
        x += column.width
    ordered = [line for _, line in sorted(drawn, key=lambda pair: pair[0])]
    return b"".join([*ordered, b"0.5 w %.1f 503 m %.1f 503 l S\n" % (LEFT, RIGHT)])
