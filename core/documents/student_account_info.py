"""Student Account Info: one line per student, by class, with the account's state. Never a password."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, repeat
from typing import Any

from core.documents import layout, letterhead, totals
from core.documents.fonts import BOLD, REGULAR
from core.documents.grid import Column, Grid, Rows
from core.documents.ink import Ink
from core.documents.layout import Measures, Piece
from core.documents.letterhead import LEFT, TOP
from core.documents.moments import Days
from core.documents.papers import AccountColumns, ClassRows, StudentAccountInfo
from core.documents.report_pdf import ReportPDF
from core.documents.totals import Tally, sum_of, tally_of

COLUMNS = (
    Column("No", 19, few=True, grey=True),
    Column("Student\ncode", 48),
    Column("Last name", 86, exact=False),
    Column("First name", 70, exact=False),
    Column("Class", 30, exact=False, few=True),
    Column("Username", 82),
    Column("Sign-in\nmethod", 50, few=True),
    Column("Invitation e-mail", 128),
    Column("Mobile", 60),
    Column("Active", 26, few=True),
    Column("Verified", 32, few=True),
    Column("Invited\non", 47, few=True),
    Column("Last\nlogin", 47, few=True),
    Column("Account\nstate", 60, few=True),
)
SIZE, ROW_HEIGHT, HEADING, CLOSING = 7.0, 14.0, 22.0, 22.0
MEASURES = Measures(page=TOP - letterhead.FOOT, row=ROW_HEIGHT, heading=HEADING, closing=CLOSING)
FOOT = "Contains personal data: for the school's own use only."
ANSWER, NONE = ("No", "Yes"), "–"
ROWS_AT_ONCE = 1000
EXACT = {1: 0, 5: 3, 7: 5, 8: 6}  # places in COLUMNS that may need several lines: their places in AccountRow


def render(paper: StudentAccountInfo) -> bytes:
    """The PDF file."""
    return _Drawing(paper).file()


class _Drawing:
    """One document being drawn, from the first page to the last."""

    def __init__(self, paper: StudentAccountInfo) -> None:
        head = paper.head
        self.paper, self.days = paper, Days(head.zone)
        self.pdf = ReportPDF(
            orientation="L", title=head.title, language=head.language, author=head.school, created=head.created
        )
        self.plain, self.bold = Ink(self.pdf.face(REGULAR)), Ink(self.pdf.face(BOLD))
        self.grid = Grid(self.plain, COLUMNS, size=SIZE, row_height=ROW_HEIGHT)
        self.top_of_page = letterhead.top(head, self.plain, self.bold)
        self.headings = letterhead.headings(self.bold, COLUMNS)
        self.foot_of_page = letterhead.foot(self.plain, words=FOOT)
        self.tall, self.tallies = self._looked_through()
        self.total = sum_of(self.tallies)
        self.drawn_rows = self._drawn_rows()
        self.group, self.rows = -1, Rows([], [])

    def file(self) -> bytes:
        ending = totals.height(self.total, self.paper.notes)
        plan = layout.plan([group.count for group in self.paper.classes], self.tall, MEASURES, ending=ending)
        for number, pieces in enumerate(plan.pages, start=1):
            drawn = [self.top_of_page, self.headings if pieces else b"", *map(self._piece, pieces)]
            if number == len(plan.pages):
                drawn.append(self._ending(TOP - plan.ending_top))
            number_of = letterhead.page_number(self.plain, page=number, pages=len(plan.pages))
            self.pdf.page_of(b"".join([*drawn, self.foot_of_page, number_of]))
            self._bookmarks(pieces)
        self.pdf.bookmark("Totals", top=TOP - plan.ending_top)
        return self.pdf.finished()

    def _piece(self, piece: Piece) -> bytes:
        """The heading of a class, rows of it, and its closing line where it ends."""
        while self.group < piece.group:
            self.rows = next(self.drawn_rows)
            self.group += 1
        title, top = self.paper.classes[piece.group].title, TOP - piece.top
        drawn = [self._heading(title, piece, top)]
        drawn.append(self.grid.draw(self.rows, piece.begin, piece.end, x=LEFT, top=top - HEADING))
        if piece.closes:
            bottom = top - HEADING - sum(self.rows.heights[piece.begin : piece.end])
            drawn.append(
                self.bold.line(
                    f"{title}: {self.tallies[piece.group].in_words}", LEFT + COLUMNS[0].width, bottom - 10, 7
                )
            )
        return b"".join(drawn)

    def _heading(self, title: str, piece: Piece, top: float) -> bytes:
        shown = f"{title}, continued" if piece.continued else title
        rule = b"0.4 w 0.3 G %.1f %.1f m %.1f %.1f l S\n" % (LEFT, top - HEADING, letterhead.RIGHT, top - HEADING)
        return rule + self.bold.line(shown, LEFT, top - HEADING + 5, 9.5, limit=600)

    def _ending(self, top: float) -> bytes:
        notes = [*self.paper.notes, *_about_boxes(self.pdf.missing())]
        return totals.draw(self.total, self.paper.states, notes, plain=self.plain, bold=self.bold, x=LEFT, top=top)

    def _bookmarks(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            if not piece.continued:
                self.pdf.bookmark(self.paper.classes[piece.group].title, top=TOP - piece.top)

    def _looked_through(self) -> tuple[dict[int, dict[int, float]], list[Tally]]:
        """What must be known before the first page: by class, the rows higher than others, and the tally."""
        found: dict[int, dict[int, float]] = {}
        tallies: list[Tally] = []
        for groups, first in self._batches():
            tables = [group.load() for group in groups]
            tallies.extend(map(tally_of, tables))
            tall = self.grid.tall({place: _joined(tables, column) for place, column in EXACT.items()})
            starts = list(accumulate((group.count for group in groups), initial=0))
            for index, height in tall.items():
                at = bisect_right(starts, index) - 1
                found.setdefault(first + at, {})[index - starts[at]] = height
        return found, tallies

    def _drawn_rows(self) -> Iterator[Rows]:
        for groups, _first in self._batches():
            rows, begin = self.grid.rows(self._columns(groups)), 0
            for group in groups:
                end = begin + group.count
                yield Rows(rows.cells[begin:end], rows.heights[begin:end])
                begin = end

    def _batches(self) -> Iterator[tuple[list[ClassRows], int]]:
        """Whole classes, about a thousand rows at a time, and the number of the first: many at once is what is fast."""
        begin = rows = 0
        for number, group in enumerate(self.paper.classes, start=1):
            rows += group.count
            if rows >= ROWS_AT_ONCE or number == len(self.paper.classes):
                yield list(self.paper.classes[begin:number]), begin
                begin, rows = number, 0

    def _columns(self, groups: Sequence[ClassRows]) -> list[Sequence[str]]:
        """The texts of COLUMNS for the rows of these classes."""
        tables = [group.load() for group in groups]
        code, last, first, username, method, email, mobile, active, verified, invited, login, state = (
            _joined(tables, column) for column in range(len(tables[0]))
        )
        return [
            [str(number) for group in groups for number in range(1, group.count + 1)],
            code,
            last,
            first,
            list(chain.from_iterable(repeat(group.title, group.count) for group in groups)),
            [text or NONE for text in username],
            [self.paper.methods.get(text, NONE) for text in method],
            [text or NONE for text in email],
            [text or NONE for text in mobile],
            list(map(ANSWER.__getitem__, active)),
            list(map(ANSWER.__getitem__, verified)),
            list(map(self.days.__getitem__, invited)),
            list(map(self.days.__getitem__, login)),
            list(map(self.paper.states.__getitem__, state)),
        ]


def _joined(tables: Sequence[AccountColumns], column: int) -> list[Any]:
    return list(chain.from_iterable([table[column] for table in tables]))


def _about_boxes(missing: Sequence[str]) -> list[str]:
    if not missing:
        return []
    which = "1 character" if len(missing) == 1 else f"{len(missing):,} different characters"
    return [f"{which} of these names cannot be printed in our typeface and stand as a box. Copied text has them all."]
