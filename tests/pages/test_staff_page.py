"""Staff and roles: a coordinator gets classes and days on the screen, and then sees those classes on those days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Account, PersonKind
from core.permissions import Actor, Role
from core.tables import actors
from core.tables.filters import PAGE_SIZE
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock
from tests.pages import screens
from tests.pages.fragments import alone, press
from tests.pages.screens import button, everything_said

FIRST, LAST = date(2026, 12, 1), date(2026, 12, 18)


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


@pytest.fixture
def nora(cast: Cast) -> tuple[int, int]:
    """The account of Nora, who is staff and holds no role, and the class 9C, in which Nina is."""
    with database.transaction() as db:
        class_9c = make.section(db, period=cast.period, title="9C", grade="9")
        make.account(db, person=make.person(db, in_section=class_9c, first_name="Nina", last_name="Nine"))
        person = make.person(db, kind=PersonKind.STAFF, first_name="Nora", last_name="Nilsen")
        return make.account(db, person=person, user_type="staff").id or 0, class_9c.id or 0


def _tick(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """AppTest ticks no rows of tables: the table answers as a browser does in which this one is ticked."""

    def ticked(rows: pd.DataFrame, **_options: Any) -> SimpleNamespace:
        return SimpleNamespace(selection=SimpleNamespace(rows=[list(rows["Name"]).index(name)]))

    monkeypatch.setattr(st, "dataframe", ticked)


def _give(page: AppTest, monkeypatch: pytest.MonkeyPatch, *classes: int) -> AppTest:
    """In the window: coordinator, of these classes, from the first day to the last."""
    page = button(page, "Manage Roles/Periods").click().run()
    assert "No role yet" in page.info[0].value
    page.selectbox(key="roles.role").select(Role.COORDINATOR)
    page = alone(page, monkeypatch)
    page.multiselect(key="roles.sections.new").set_value(list(classes))
    page = alone(page, monkeypatch)
    page.date_input(key="roles.from.new").set_value(FIRST)
    page.date_input(key="roles.until.new").set_value(LAST)
    page = alone(page, monkeypatch)
    page = press(page, "Give the role to 1 account", monkeypatch)
    assert not page.exception and not page.error
    return page


def _now(account_id: int) -> Actor:
    """Who Nora is at this moment."""
    with database.reading() as db:
        return actors.of_account(db, db.get_one(Account, account_id), session_id="session-of-nora", ip=None)


def test_r60_a_coordinator_sees_the_classes_given_on_the_page_from_the_first_day_to_the_last(
    open_screen: screens.Open, cast: Cast, clock: Clock, nora: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id, class_9c = nora
    with monkeypatch.context() as window:
        _tick(window, "Nilsen Nora")
        _give(open_screen(cast.ada.actor, "staff.py"), window, cast.class_8a.id or 0, class_9c)
    clock.set(datetime(2026, 11, 30, 21, 59, tzinfo=UTC))  # a minute before midnight in Athens
    assert not _now(account_id).is_staff
    clock.set(datetime(2026, 11, 30, 22, 1, tzinfo=UTC))
    assert _now(account_id).is_staff
    for day in (FIRST, LAST):
        clock.set(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
        _sees_otto_and_nina_and_nobody_else(open_screen, _now(account_id))
    clock.set(datetime(2026, 12, 19, 9, tzinfo=UTC))
    after = open_screen(_now(account_id), "")
    assert "Your session has ended" in everything_said(after)
    assert "Otto" not in everything_said(after)


def _sees_otto_and_nina_and_nobody_else(open_screen: screens.Open, who: Actor) -> None:
    assert who.roles == {Role.COORDINATOR}
    students = everything_said(open_screen(who, "students.py"))
    assert "Otto" in students and "Nina" in students
    assert "Sideris" not in students and "7B" not in students
    status = open_screen(who)
    assert "2 students in all" in everything_said(status)
    assert "7B" not in everything_said(status)
    assert not [one for one in status.button if "Send" in one.label]


def test_a_search_begins_on_the_first_page(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        for number in range(PAGE_SIZE):
            person = make.person(db, kind="staff", last_name=f"Aalto{number:02}")
            make.account(db, person=person, user_type="staff", username=f"aalto{number:02}")
    page = open_screen(cast.ada.actor, "staff.py")
    page.session_state["staff.page"] = 2
    page.run()
    page.text_input[0].set_value("cora").run()
    assert "Cole Cora" in everything_said(page)


def test_the_staff_are_offered_as_files_with_the_search_of_the_page(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.ada.actor, "staff.py")
    page.text_input[0].set_value("cora").run()
    said = everything_said(page)
    for kind in ("staff-xlsx", "staff-csv", "staff-csv-plain"):
        assert f'action="/files/{kind}"' in said
    assert 'name="asked" value="cora"' in said
    assert 'action="/files/years-xlsx"' in everything_said(open_screen(cast.ada.actor, "periods.py"))
