"""What stands at the top and the foot of each page of a list, A4 across."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from core.documents.grid import Column
from core.documents.ink import Ink
from core.documents.moments import day_and_time
from core.documents.papers import Letterhead

LEFT, RIGHT = 28.0, 813.0
TOP, FOOT = 500.0, 38.0  # between them stand the rows
_MIDDLE = 470.0


def top(head: Letterhead, plain: Ink, bold: Ink) -> bytes:
    """School, title, scope, when and by whom."""
    printed = f"{head.printed_by} · {day_and_time(head.created, ZoneInfo(head.zone))}"
    left, right = _MIDDLE - LEFT - 10, RIGHT - _MIDDLE
    return b"".join(
        (
            b".35 g\n",
            plain.line(head.school, LEFT, 559, 9, limit=left),
            plain.line(head.period, RIGHT, 559, 8, limit=right, right=True),
            plain.line(printed, RIGHT, 537, 8, limit=right, right=True),
            b"0 g\n",
            bold.line(head.title, LEFT, 539, 16, limit=left),
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
