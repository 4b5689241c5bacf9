"""Filters come from addresses and forms: whatever is in them, a list answers."""

from __future__ import annotations

import pytest

from core import database
from core.services import selections
from core.tables import accounts, students
from core.tables.filters import AccountFilter, Page, StudentFilter
from tests.cast import Cast

pytestmark = pytest.mark.both_databases
CRAFTED = [
    AccountFilter(invited_before="9999-12-31"),
    AccountFilter(invited_before="0001-01-01"),
    AccountFilter(invited_after="0001-01-01"),
    AccountFilter(invited_after="9999-12-31"),
    AccountFilter(invited_after="tomorrow"),
    AccountFilter(text="\x00ab"),
    AccountFilter(text="\ud800"),
    AccountFilter(text="a\udfff\x00 b"),
    AccountFilter(text='"" OR "x'),
    AccountFilter(text="a*b NEAR (c)"),
    AccountFilter(states=("\x00",), roles=("\ud800", "office")),
    AccountFilter(grades=("7\x00",)),
    AccountFilter(period_id=2**70),
    AccountFilter(section_ids=(2**70, -(2**40))),
    AccountFilter(link_ends_within=10**12),
    AccountFilter(came_to="verified", channels=("\x00", "sms"), failures=("\ud800",)),
    AccountFilter(verified_after="9999-12-31", signed_in_before="never"),
    AccountFilter(of_check="yes"),
]


@pytest.mark.parametrize("asked", CRAFTED, ids=repr)
def test_r65_a_crafted_filter_of_accounts_is_answered_and_kept(cast: Cast, asked: AccountFilter) -> None:
    with database.transaction() as db:
        shown = accounts.page(db, cast.olga.actor, filter=asked, page=Page())
        assert len(shown) == accounts.count(db, cast.olga.actor, filter=asked)
        selections.show(db, cast.olga.actor, list_name="accounts", filter=asked)
        stored = selections.current(db, cast.olga.actor, list_name="accounts")
        assert AccountFilter.from_json(stored.shown_filter) == asked


@pytest.mark.parametrize("text", ["\x00", "\ud800abc", "sam\x00"])
def test_r65_what_is_no_letter_is_not_asked_for(cast: Cast, text: str) -> None:
    legible = text.replace("\x00", "").replace("\ud800", "")
    assert StudentFilter(text=text) == StudentFilter(text=legible)
    assert StudentFilter.from_json({"text": text}) == StudentFilter(text=legible)
    with database.reading() as db:
        same = [students.count(db, cast.olga.actor, filter=StudentFilter(text=one)) for one in (text, legible)]
        assert same[0] == same[1]


def test_a_day_beyond_all_calendars_is_not_asked_for(cast: Cast) -> None:
    with database.reading() as db:
        everybody = accounts.count(db, cast.olga.actor, filter=AccountFilter())
        for asked in (AccountFilter(invited_before="9999-12-31"), AccountFilter(invited_after="0001-01-01")):
            assert accounts.count(db, cast.olga.actor, filter=asked) == everybody


@pytest.mark.parametrize("number", [10**30, -5, 0])
def test_a_page_that_cannot_be_is_answered(cast: Cast, number: int) -> None:
    with database.reading() as db:
        assert len(students.page(db, cast.olga.actor, filter=StudentFilter(), page=Page(number=number))) in (0, 3)


def test_an_empty_word_among_several_asks_nothing_of_anybody() -> None:
    """Whoever has no grade is not of the grade that nobody named."""
    assert StudentFilter(grades=("8", "")) == StudentFilter(grades=("8",))
    assert AccountFilter.from_json({"grades": [""], "roles": ["", "office"]}) == AccountFilter(roles=("office",))
