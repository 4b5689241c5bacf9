"""Two tabs of one browser, or two people at one desk, tick rows of the same list."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from core import database
from core.services import selections
from core.services.selections import SelectionView
from core.tables import students
from core.tables.filters import Found, StudentFilter
from core.tables.frames import Columns
from pages.shared import guard, picker
from pages.shared.listing import Listing
from tests.cast import Cast


class Tab:
    """One tab: its own memory, and the table as its browser shows it."""

    def __init__(self, cast: Cast, monkeypatch: pytest.MonkeyPatch, **asked: Any) -> None:
        self.cast, self.monkeypatch, self.memory = cast, monkeypatch, dict[str, Any]()
        self.filter = StudentFilter(**asked)
        self.look()

    def look(self) -> None:
        """The page is drawn."""
        self._enter()
        with database.reading() as db:
            self.shown = picker.look(db, self.cast.olga.actor, self.listing)
        self.shown = picker.remember(self.cast.olga.actor, self.listing, self.shown)
        self.ticked: set[int] = set()
        self.monkeypatch.setattr(st, "dataframe", self._draw)
        picker.table(self.listing, self.shown, open_card=print)

    def tick(self, who: int) -> None:
        """A click on a row of what is drawn, then the page is drawn anew."""
        self._enter()
        ticked = self.ticked ^ {who}
        rows = [place for place, row_id in enumerate(self.shown.ids) if row_id in ticked]
        self.memory[self.key] = {"selection": {"rows": rows, "columns": []}}
        self.on_select()
        self.look()

    @property
    def listing(self) -> Listing:
        def find(db: Any, actor: Any, page: Any) -> Found:
            return students.found(db, actor, filter=self.filter, page=page)

        def rows(db: Any, actor: Any, ids: Any) -> Columns:
            return students.cells(db, actor, ids=ids)

        return Listing("students", "students", self.filter, find, rows, None, None, {}, {}, "Europe/Athens")  # type: ignore[arg-type]

    def _enter(self) -> None:
        self.monkeypatch.setattr(st, "session_state", self.memory)
        self.monkeypatch.setattr(guard, "look_up", lambda: self.cast.olga.actor)

    def _draw(self, _rows: Any, *, key: str, on_select: Any, selection_default: Any, **_how: Any) -> None:
        self.key, self.on_select = key, on_select
        kept = self.memory.get(key, selection_default)["selection"]["rows"]
        self.ticked = {self.shown.ids[place] for place in kept}


def _ids(cast: Cast) -> tuple[int, int, int]:
    return cast.sam.person.id or 0, cast.max.person.id or 0, cast.otto.person.id or 0


def _chosen(cast: Cast) -> SelectionView:
    with database.reading() as db:
        return selections.current(db, cast.olga.actor, list_name="students")


def test_a_tick_in_one_tab_leaves_the_ticks_of_the_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sam, max_, otto = _ids(cast)
    first, second = Tab(cast, monkeypatch), Tab(cast, monkeypatch)
    second.tick(max_)
    first.tick(sam)
    assert _chosen(cast).items == {sam, max_}
    assert first.ticked == {sam, max_}, "the tab shows what is stored"
    second.tick(otto)
    first.tick(max_)
    assert _chosen(cast).items == {sam, otto}


def test_a_tick_under_everything_means_the_filter_of_its_own_tab(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sam, max_, otto = _ids(cast)
    of_8a = Tab(cast, monkeypatch, section_ids=(cast.class_8a.id,))
    of_7b = Tab(cast, monkeypatch, section_ids=(cast.class_7b.id,))
    with database.transaction() as db:
        selections.everything(db, cast.olga.actor, list_name="students", filter=of_7b.filter)
    of_7b.look()
    of_8a.tick(otto)
    assert _chosen(cast).items == {sam, max_, otto}
