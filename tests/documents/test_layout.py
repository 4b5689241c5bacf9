"""Which rows stand on which page, for any number of classes of any size."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.documents.layout import Measures, Plan, plan

MEASURES = Measures(page=462, row=14, heading=22, closing=22)
CLASSES = st.lists(st.integers(1, 120), min_size=1, max_size=12)
TALL = st.dictionaries(st.integers(0, 20), st.floats(20, 900), max_size=5)


def _filled(made: Plan, tall: dict[int, float]) -> list[float]:
    """How far down each page is filled."""
    room = MEASURES.page - MEASURES.heading - MEASURES.closing
    ends = []
    for pieces in made.pages:
        end = 0.0
        for piece in pieces:
            assert piece.top >= end
            heights = [min(tall.get(i, 14), room) if piece.group == 0 else 14 for i in range(piece.begin, piece.end)]
            end = piece.top + MEASURES.heading + sum(heights) + MEASURES.closing * piece.closes
        ends.append(end)
    return ends


@given(CLASSES, TALL)
def test_each_row_stands_once_in_order_and_no_page_overflows(counts: list[int], tall: dict[int, float]) -> None:
    tall = {index: height for index, height in tall.items() if index < counts[0]}
    made = plan(counts, {0: tall}, MEASURES, ending=60)
    rows = [(piece.group, i) for page in made.pages for piece in page for i in range(piece.begin, piece.end)]
    assert rows == [(group, index) for group, count in enumerate(counts) for index in range(count)]
    assert max(_filled(made, tall)) <= MEASURES.page + 0.001


@given(CLASSES)
def test_a_class_that_fits_is_not_split_and_no_page_is_empty(counts: list[int]) -> None:
    made = plan(counts, {}, MEASURES, ending=60)
    pieces = [piece for page in made.pages for piece in page]
    for group, count in enumerate(counts):
        if count <= 29:
            assert sum(piece.group == group for piece in pieces) == 1
    assert all(made.pages[:-1])
    assert all(first.closes or second.continued for first, second in pairwise(pieces))


def test_the_ending_takes_a_page_of_its_own_only_where_it_does_not_fit() -> None:
    assert len(plan([10], {}, MEASURES, ending=100).pages) == 1
    alone = plan([28], {}, MEASURES, ending=100)
    assert alone.pages[-1] == [] and alone.ending_top == 0
