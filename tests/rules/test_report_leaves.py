"""Which rows stand on which pages: all of them once, in their order, each class from a new page on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.rules import report_leaves
from core.rules.report_parameters import CredentialParameters


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.sampled_from([1, 2, 4, 8]), st.integers(1, 5))
def test_leafing_to_the_end_shows_every_row_once(counts: list[int], per_page: int, pages: int) -> None:
    first, rows, of = 1, 0, 1
    while first <= of:
        leaf = report_leaves.leaf(counts, per_page=per_page, first=first, pages=pages)
        assert (leaf.first, leaf.begin) == (first, rows) and leaf.begin < leaf.end <= leaf.begin + pages * per_page
        first, rows, of = first + pages, leaf.end, leaf.of
    assert rows == sum(counts) and of == sum(-(-count // per_page) for count in counts)


def test_a_page_that_there_is_not_is_the_nearest() -> None:
    assert report_leaves.leaf([9, 3], per_page=8, first=400, pages=3) == report_leaves.Leaf(3, 3, 9, 12)
    assert report_leaves.leaf([9, 3], per_page=8, first=-1, pages=1) == report_leaves.Leaf(1, 3, 0, 8)


def test_only_slips_and_short_single_letters_are_known_before_they_are_drawn() -> None:
    known = report_leaves.slips_per_page
    assert [known(CredentialParameters(layout=layout)) for layout in ("letter", "2", "4", "8", "table")] == [
        1,
        2,
        4,
        8,
        0,
    ]
    assert known(CredentialParameters(layout="letter", one_per_family=True)) == 0
    assert known(CredentialParameters(layout="letter", extra_text="x" * 301)) == 0
    assert known(CredentialParameters(layout="letter", extra_text="x\n" * 9)) == 0
