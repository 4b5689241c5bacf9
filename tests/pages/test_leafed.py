"""Whoever leafs through what a search has put in order waits for no other search, and sees nobody who is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from sqlmodel import Session

from core import database
from core.permissions import Actor
from core.tables import students
from core.tables.filters import Found, Page, StudentFilter
from core.tables.frames import Columns
from pages.shared import leafed, picker, totals
from pages.shared.listing import Listing, Shown
from tests.cast import Cast
from tests.conftest import Clock


class Leafing:
    """Somebody on a list of 130 people, who stand there from 1 on."""

    def __init__(self, actor: Actor, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> None:
        self.actor, self.filter, self.memory = actor, StudentFilter(**asked), dict[str, Any]()
        self.there, self.searches = list(range(1, 131)), 0
        monkeypatch.setattr(st, "session_state", self.memory)
        totals.begin("students")

    def turn_to(self, number: int) -> Shown:
        self.memory[self.listing.paging_key()] = number
        with database.reading() as db:
            return picker.look(db, self.actor, self.listing)

    @property
    def listing(self) -> Listing:
        fields: Any = (lambda *_: len(self.there), None, {}, {}, "Europe/Athens")
        return Listing("students", "students", self.filter, self._find, self._rows, *fields)

    def _find(self, _db: Session, _actor: Actor, page: Page) -> Found:
        self.searches += 1
        return Found(self.there[page.offset : page.offset + page.size + page.ahead], len(self.there))

    def _rows(self, _db: Session, _actor: Actor, ids: Sequence[int]) -> Columns:
        return {"id": tuple(row_id for row_id in ids if row_id in self.there)}


def test_a_page_turn_needs_no_other_search(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    pages = [olga.turn_to(number).ids for number in (1, 3, 2)]
    assert pages == [tuple(range(1, 51)), tuple(range(101, 131)), tuple(range(51, 101))]
    assert olga.searches == 1
    assert totals.known(olga.actor, olga.listing) == 130


def test_a_large_number_is_counted_once_for_all_who_see_the_same(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals, "_LARGE", 100)
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(1)
    colleague = Leafing(replace(cast.olga.actor, account_id=cast.ada.actor.account_id), monkeypatch)
    assert totals.known(colleague.actor, colleague.listing) == 130
    assert totals.known(cast.cora.actor, colleague.listing) is None
    clock.forward(seconds=1)
    totals.begin("students")
    assert totals.known(colleague.actor, colleague.listing) is None, "opened anew, perhaps after an act elsewhere"


def test_a_large_number_is_told_to_others_for_a_quarter_minute(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals, "_LARGE", 100)
    colleague = Leafing(replace(cast.olga.actor, account_id=cast.ada.actor.account_id), monkeypatch)
    memory = colleague.memory
    Leafing(cast.olga.actor, monkeypatch).turn_to(1)
    monkeypatch.setattr(st, "session_state", memory)
    clock.forward(seconds=totals.FRESH_S - 1)
    assert totals.known(colleague.actor, colleague.listing) == 130
    clock.forward(seconds=1)
    assert totals.known(colleague.actor, colleague.listing) is None


def test_after_ones_own_act_it_is_counted_again(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "_LARGE", 100)
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(1)
    totals.forget("students")
    assert totals.known(olga.actor, olga.listing) is None


def test_a_page_past_the_end_is_the_last_one(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(1)
    shown = olga.turn_to(9)
    assert (shown.number, shown.ids) == (3, tuple(range(101, 131)))
    assert olga.searches == 1


def test_a_page_before_what_was_found_is_searched(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(2)
    assert olga.turn_to(1).ids == tuple(range(1, 51))
    assert olga.searches == 2


def test_those_behind_somebody_who_is_gone_move_up(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(1)
    olga.there.remove(60)
    assert olga.turn_to(2).ids == (*range(51, 60), *range(61, 102))


def test_after_a_while_it_is_searched_again(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(1)
    olga.there.insert(50, 999)
    assert olga.turn_to(2).ids[0] == 51
    clock.forward(seconds=totals.FRESH_S)
    assert olga.turn_to(2).ids[0] == 999


def test_whatever_draws_the_search_anew_forgets_them(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(1)
    olga.there.insert(50, 999)
    leafed.forget("students")
    assert olga.turn_to(2).ids[0] == 999


def test_another_order_is_another_search(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch)
    olga.turn_to(1)
    olga.memory["students.order"] = ("name", True)
    olga.turn_to(1)
    assert olga.searches == 2


def test_what_depends_on_ticks_is_searched_each_time(cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = Leafing(cast.olga.actor, monkeypatch, selected=True)
    olga.turn_to(1)
    olga.turn_to(2)
    assert olga.searches == 2


def test_r60_who_left_a_class_is_nobody_whom_its_teacher_leafs_to(
    cast: Cast, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tom = Leafing(cast.tom.actor, monkeypatch)
    tom.turn_to(1)
    tom.turn_to(2)
    assert tom.searches == 2


@pytest.mark.both_databases
@pytest.mark.parametrize("asked", [{"statuses": ("registered",)}, {"text": "m"}, {"section_ids": (1, 2)}])
@pytest.mark.parametrize("descending", [False, True])
def test_those_ahead_are_those_of_the_next_pages(cast: Cast, asked: dict[str, Any], descending: bool) -> None:
    page, wanted = Page(size=1, descending=descending), StudentFilter(**asked)

    def found(page: Page) -> Found:
        with database.reading() as db:
            return students.found(db, cast.olga.actor, filter=wanted, page=page)

    one_by_one = [found(replace(page, number=number)).ids for number in (1, 2, 3)]
    everybody = tuple(person for one in one_by_one for person in one)
    assert found(replace(page, ahead=5)) == Found(everybody, total=len(everybody))
    assert everybody
