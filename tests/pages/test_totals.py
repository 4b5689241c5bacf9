"""Whoever leafs through a list is told how many there are without another count, and sees who is there now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import streamlit as st
from sqlmodel import Session

from core import database
from core.permissions import Actor
from core.tables.filters import Found, Page, StudentFilter
from core.tables.frames import Columns
from pages.shared import picker, totals
from pages.shared.listing import Listing, Shown
from tests.cast import Cast
from tests.conftest import Clock


class Leafing:
    """Somebody on a list of 130 people, who stand there from 1 on."""

    def __init__(self, actor: Actor, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> None:
        self.actor, self.filter, self.memory = actor, StudentFilter(**asked), dict[str, Any]()
        self.there = list(range(1, 131))
        monkeypatch.setattr(st, "session_state", self.memory)

    def turn_to(self, number: int) -> Shown:
        self.memory[self.listing.paging_key()] = number
        with database.reading() as db:
            return picker.look(db, self.actor, self.listing)

    @property
    def listing(self) -> Listing:
        fields: Any = (lambda *_: len(self.there), None, {}, {}, "Europe/Athens")
        return Listing("students", "students", self.filter, self._find, self._rows, *fields)

    def _find(self, _db: Session, _actor: Actor, page: Page) -> Found:
        return Found(self.there[page.offset : page.offset + page.size], len(self.there))

    def _rows(self, _db: Session, _actor: Actor, ids: Sequence[int]) -> Columns:
        return {"id": tuple(row_id for row_id in ids if row_id in self.there)}


def test_a_number_that_comes_with_a_page_is_not_counted(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    pages = [olga.turn_to(number).ids for number in (1, 3, 2)]
    assert pages == [tuple(range(1, 51)), tuple(range(101, 131)), tuple(range(51, 101))]
    assert totals.known(olga.listing) == 130


def test_it_is_known_for_a_quarter_minute(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(1)
    clock.forward(seconds=totals.FRESH_S - 1)
    assert totals.known(olga.listing) == 130
    clock.forward(seconds=1)
    assert totals.known(olga.listing) is None


def test_after_ones_own_act_it_is_counted_again(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(1)
    totals.forget("students")
    assert totals.known(olga.listing) is None


def test_what_depends_on_ticks_is_counted_each_time(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch, selected=True)
    olga.turn_to(1)
    assert totals.known(olga.listing) is None


def test_a_page_past_the_end_is_the_last_one(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    shown = olga.turn_to(9)
    assert (shown.number, shown.ids) == (3, tuple(range(101, 131)))


def test_who_has_come_or_gone_is_seen_on_the_next_page(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(1)
    olga.there.remove(60)
    olga.there.insert(50, 999)
    assert olga.turn_to(2).ids == (999, *range(51, 60), *range(61, 101))
