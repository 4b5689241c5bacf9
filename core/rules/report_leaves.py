"""Which rows of a long report stand on which of its pages, where the layout says so before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.rules.report_parameters import CredentialParameters

# Of a letter's own text, what fits above one box, three steps and the line to sign, in the widest of letters.
_TEXT_OF_ONE_PAGE, _LINES_OF_ONE_PAGE = 300, 8


@dataclass(frozen=True)
class Leaf:
    """Some pages that follow one another: the first of them, how many there are in all, and the rows on them."""

    first: int
    of: int
    begin: int
    end: int


def slips_per_page(parameters: CredentialParameters) -> int:
    """How many slips fill a page; 0 where only drawing tells: a table, letters of families, very long letters."""
    if parameters.layout == "table" or parameters.one_per_family:
        return 0
    if parameters.layout != "letter":
        return int(parameters.layout)
    text = parameters.extra_text
    return int(len(text) <= _TEXT_OF_ONE_PAGE and len(text.splitlines()) <= _LINES_OF_ONE_PAGE)


def leaf(counts: Sequence[int], *, per_page: int, first: int, pages: int) -> Leaf:
    """So many pages from `first` on, or from the nearest there is; each of `counts` begins on a page of its own."""
    of = sum(-(-count // per_page) for count in counts)
    first = min(max(first, 1), of)
    begin = _rows_before(counts, per_page, first - 1)
    return Leaf(first, of, begin, _rows_before(counts, per_page, min(first - 1 + pages, of)))


def _rows_before(counts: Sequence[int], per_page: int, pages: int) -> int:
    """How many rows stand on the first so many pages."""
    rows = 0
    for count in counts:
        own = -(-count // per_page)
        if pages < own:
            return rows + pages * per_page
        rows, pages = rows + count, pages - own
    return rows
