"""A list of people over as many pages as it takes, A4 across: by groups, each with its own heading and closing lines.

Texts are encoded about a thousand rows at a time, which is what is fast; a page takes from them what stands on it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

from core.documents import layout, letterhead
from core.documents.grid import Column, Grid, Rows
from core.documents.layout import Measures, Piece
from core.documents.letterhead import LEFT, TOP
from core.documents.papers import AccountColumns, ClassRows, Letterhead
from core.documents.report_pdf import ReportPDF, about_boxes
from core.documents.totals import Tally, sum_of

SIZE, ROW_HEIGHT, HEADING, LINE = 7.0, 14.0, 22.0, 9.0
ROWS_AT_ONCE = 1000
PERSONAL = "Contains personal data: for the school's own use only."
ANSWER, NONE = ("No", "Yes"), "–"
Part = tuple[str, AccountColumns]  # the title of its group, its columns


@dataclass(frozen=True)
class Kind:
    """What distinguishes one list from another.

    `exact`: columns of `columns` that may need several lines, and the places of their texts in a row. `below` are the
    lines that close a group, `second` the columns on a second line of each row; `ending` draws what closes the list,
    given the tallies, the notes and where it begins.
    """

    columns: Sequence[Column]
    exact: Mapping[int, int]
    cells: Callable[[Sequence[Part]], list[Sequence[str]]]
    tally: Callable[[AccountColumns], Tally]
    below: Callable[[Tally], Sequence[str]]
    closing_lines: int
    ending_height: Callable[[Sequence[Tally]], float]
    ending: Callable[[ReportPDF, Sequence[Tally], Sequence[str], float], bytes]
    foot: str
    row_height: float = ROW_HEIGHT
    second: Sequence[Column] = ()


def render(pdf: ReportPDF, head: Letterhead, groups: Sequence[ClassRows], kind: Kind, notes: Sequence[str]) -> bytes:
    """The PDF file."""
    return _Drawing(pdf, head, groups, kind, notes).file()


class _Drawing:
    """One list being drawn, from the first page to the last."""

    def __init__(
        self, pdf: ReportPDF, head: Letterhead, groups: Sequence[ClassRows], kind: Kind, notes: Sequence[str]
    ) -> None:
        self.pdf, self.groups, self.kind, self.notes = pdf, groups, kind, notes
        mono = pdf.mono if any(column.mono for column in kind.columns) else None
        self.grid = Grid(pdf.plain, kind.columns, size=SIZE, row_height=kind.row_height, mono=mono, second=kind.second)
        self.top_of_page = letterhead.top(head, pdf)
        self.headings = letterhead.headings(pdf.bold, kind.columns)
        self.foot_of_page = letterhead.foot(pdf.plain, words=kind.foot)
        self.tall, self.tallies = self._looked_through()
        self.rows = _Taken(self._drawn_rows())
        self.under = ""

    def file(self) -> bytes:
        kind = self.kind
        height = kind.ending_height(self.tallies) + 12 * (len(self.notes) + 1)  # a line to spare for about_boxes
        closing = 4 + LINE * kind.closing_lines
        measures = Measures(TOP - letterhead.FOOT, self.grid.row_height, HEADING, closing)
        plan = layout.plan([group.count for group in self.groups], self.tall, measures, ending=height)
        for number, pieces in enumerate(plan.pages, start=1):
            drawn = [self.top_of_page, self.headings if pieces else b"", *map(self._piece, pieces)]
            if number == len(plan.pages):
                drawn.append(self._ending(TOP - plan.ending_top))
            number_of = letterhead.page_number(self.pdf.plain, page=number, pages=len(plan.pages))
            self.pdf.page_of(b"".join([*drawn, self.foot_of_page, number_of]))
            self._bookmarks(pieces)
        self.pdf.bookmark("Totals", top=TOP - plan.ending_top)
        return self.pdf.finished()

    def _ending(self, top: float) -> bytes:
        """Drawn again where anything stands as a box: it may be in the notes themselves."""
        drawn = self.kind.ending(self.pdf, self.tallies, self.notes, top)
        boxes = about_boxes(self.pdf.missing())
        return self.kind.ending(self.pdf, self.tallies, [*self.notes, *boxes], top) if boxes else drawn

    def _piece(self, piece: Piece) -> bytes:
        """The heading of a group, rows of it, and its closing lines where it ends."""
        top = TOP - piece.top
        rows = self.rows.take(piece.end - piece.begin)
        drawn = [self._heading(self.groups[piece.group], piece, top)]
        drawn.append(self.grid.draw(rows, 0, len(rows.cells), x=LEFT, top=top - HEADING))
        if piece.closes:
            y = top - HEADING - sum(rows.heights) - 1
            x = LEFT + self.kind.columns[0].width
            said, *more = self.kind.below(self.tallies[piece.group])
            for at, line in enumerate([f"{self.groups[piece.group].title}: {said}", *more]):
                ink = self.pdf.plain if at else self.pdf.bold
                drawn.append(ink.line(line, x, y - LINE * (at + 1), 7, limit=760))
        return b"".join(drawn)

    def _heading(self, group: ClassRows, piece: Piece, top: float) -> bytes:
        title = f"{group.under} · {group.title}" if group.under else group.title
        shown = f"{title}, continued" if piece.continued else title
        rule = b"0.4 w 0.3 G %.1f %.1f m %.1f %.1f l S\n" % (LEFT, top - HEADING, letterhead.RIGHT, top - HEADING)
        return rule + self.pdf.bold.line(shown, LEFT, top - HEADING + 5, 9.5, limit=600)

    def _bookmarks(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            group, top = self.groups[piece.group], TOP - piece.top
            if piece.continued:
                continue
            if group.under and group.under != self.under:
                self.pdf.bookmark(group.under, top=top)
            self.under = group.under
            self.pdf.bookmark(group.title, top=top, level=1 if group.under else 0)

    def _looked_through(self) -> tuple[dict[int, dict[int, float]], list[Tally]]:
        """What must be known before the first page: by group, the rows higher than others, and the tally."""
        found: dict[int, dict[int, float]] = {}
        tallies: list[list[Tally]] = [[] for _ in self.groups]
        before = [0] * len(self.groups)  # rows of the group in the batches before
        for batch in self._batches():
            tables = [table for _, table in batch]
            for group, table in batch:
                tallies[group].append(self.kind.tally(table))
            texts = {at: _joined(tables, place) for at, place in self.kind.exact.items()}
            starts = list(accumulate((len(table[0]) for table in tables), initial=0))
            for index, height in self.grid.tall(texts).items():
                at = bisect_right(starts, index) - 1
                group = batch[at][0]
                found.setdefault(group, {})[before[group] + index - starts[at]] = height
            for group, table in batch:
                before[group] += len(table[0])
        return found, list(map(sum_of, tallies))

    def _drawn_rows(self) -> Iterator[Rows]:
        group, before = -1, 0
        for batch in self._batches():
            parts, begin = [], []
            for number, table in batch:
                group, before = (number, before) if number == group else (number, 0)
                parts.append((self.groups[number].title, table))
                begin.append(before)
                before += len(table[0])
            numbers = [str(at) for first, (_, table) in zip(begin, parts, strict=True) for at in _from(first, table)]
            yield self.grid.rows([numbers, *self.kind.cells(parts)])

    def _batches(self) -> Iterator[list[tuple[int, AccountColumns]]]:
        """Parts of groups, each with the number of its group, about a thousand rows at a time."""
        batch: list[tuple[int, AccountColumns]] = []
        rows = 0
        for number, group in enumerate(self.groups):
            for table in group.load():
                batch.append((number, table))
                rows += len(table[0])
                if rows >= ROWS_AT_ONCE:
                    yield batch
                    batch, rows = [], 0
        if batch:
            yield batch


class _Taken:
    """Encoded rows in their order, as many at a time as a page takes."""

    def __init__(self, drawn: Iterator[Rows]) -> None:
        self._drawn, self._left, self._at = drawn, Rows([], []), 0

    def take(self, count: int) -> Rows:
        cells: list[tuple[bytes, ...]] = []
        heights: list[float] = []
        while len(cells) < count:
            if self._at == len(self._left.cells):
                self._left, self._at = next(self._drawn), 0
            end = min(self._at + count - len(cells), len(self._left.cells))
            cells += self._left.cells[self._at : end]
            heights += self._left.heights[self._at : end]
            self._at = end
        return Rows(cells, heights)


def _from(first: int, table: AccountColumns) -> range:
    return range(first + 1, first + 1 + len(table[0]))


def _joined(tables: Sequence[AccountColumns], column: int) -> list[Any]:
    return list(chain.from_iterable([table[column] for table in tables]))


def columns_of(parts: Sequence[Part]) -> list[list[Any]]:
    """The columns of these parts, end to end."""
    tables = [table for _, table in parts]
    return [_joined(tables, column) for column in range(len(tables[0]))]


def titles_of(parts: Sequence[Part]) -> list[str]:
    """The title of its group for each row."""
    return [title for title, table in parts for _ in table[0]]
