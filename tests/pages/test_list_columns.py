"""The columns of the two lists: few by default, the others by choice, none that a role must not see."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Account, Invitation, Purpose
from core.services import list_views
from core.services.selections import ListName
from core.tables import accounts, issued, students
from pages.shared import account_columns, columns, student_columns
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.pages import screens
from tests.pages.screens import button

OF_PRODUCT = {
    "students": (
        "Student code, Last name, First name, Grade, Class, Programme, Status, Personal e-mail, Use Personal E-mail, "
        "Contact e-mail, O365 address, Mobile, Guardian, Guardian mobile, Language, State, Username, Last invitation, "
        "Can be invited by e-mail, Can be invited by SMS"
    ),
    "accounts": (
        "Name, User type, Linked student(s), Class, Username, Sign-in method, Invitation address, Mobile, "
        "Role(s) in period, Active, Verified e-mail, State, Delivery, Invited on, Times invited, Invited by, "
        "Valid until, First login, Last login, Must change password, Initial password, Pending changes"
    ),
}
OF_LIST: dict[ListName, Any] = {"students": student_columns.COLUMNS, "accounts": account_columns.COLUMNS}


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


def _choose(who: Member, name: ListName, chosen: list[str]) -> None:
    with database.transaction() as db:
        list_views.choose_columns(db, who.actor, list_name=name, columns=chosen)


def _titles(page: AppTest) -> list[str]:
    return [str(title) for title in page.dataframe[0].value.columns if title != "Open"]


@pytest.mark.parametrize("name", ["students", "accounts"])
def test_every_column_of_the_product_is_offered(cast: Cast, name: ListName) -> None:
    offered = {column.title for column in columns.offered(cast.ada.actor, OF_LIST[name]).values()}
    assert set(OF_PRODUCT[name].split(", ")) <= offered


@pytest.mark.parametrize("name", ["students", "accounts"])
def test_the_head_of_every_column_gives_an_order_of_the_list(name: ListName) -> None:
    known = {"students": students.SORTS, "accounts": accounts.SORTS}[name]
    assert {column.sort for column in OF_LIST[name].values()} <= set(known)


@pytest.mark.parametrize("name", ["students", "accounts"])
def test_r61_an_order_that_shows_what_is_hidden_belongs_to_a_column_that_needs_the_same(name: ListName) -> None:
    hidden = {"students": students.HIDDEN_SORTS, "accounts": accounts.HIDDEN_SORTS}[name]
    for column in OF_LIST[name].values():
        assert hidden.get(column.sort, column.needs) == column.needs


@pytest.mark.parametrize("name", ["students", "accounts"])
def test_all_columns_can_stand_together(open_screen: screens.Open, cast: Cast, name: ListName) -> None:
    _choose(cast.ada, name, list(OF_LIST[name]))
    page = open_screen(cast.ada.actor, f"{name}.py")
    assert not page.exception
    assert _titles(page) == [column.title for column in OF_LIST[name].values()]


def test_few_columns_stand_by_default(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py")
    assert _titles(page) == [
        *("Student code", "Name", "Class", "State", "Can be invited by e-mail", "Last invitation", "Username")
    ]


def test_the_columns_chosen_stand_in_their_order_next_time(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py")
    page.session_state["students.columns"] = True
    page.run()
    field = next(field for field in page.multiselect if field.label.startswith("Columns"))
    field.set_value(["mobile", "name"])
    page = button(page, "Show these columns").click().run()
    assert _titles(page) == ["Mobile", "Name"]
    assert _titles(open_screen(cast.olga.actor, "students.py")) == ["Mobile", "Name"]
    assert "Mobile" not in _titles(open_screen(cast.ada.actor, "students.py"))


def test_what_a_role_must_not_see_is_neither_offered_nor_shown(open_screen: screens.Open, cast: Cast) -> None:
    _choose(cast.cora, "students", ["mobile", "personal_email", "name"])
    page = open_screen(cast.cora.actor, "students.py")
    assert _titles(page) == ["Name"]
    page.session_state["students.columns"] = True
    page.run()
    offered = next(field for field in page.multiselect if field.label.startswith("Columns")).options
    assert not {"Mobile", "Personal e-mail", "Contact e-mail", "O365 address", "Guardian mobile"} & set(offered)
    assert "initial_password" not in columns.offered(cast.cora.actor, account_columns.COLUMNS)


def test_an_initial_password_is_masked_and_whoever_issued_it_is_named(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        db.add(
            Invitation(
                account_id=cast.sam.account.id,
                purpose=Purpose.PASSWORD,
                uid="u",
                kid="k",
                token_hash="h",
                channel="paper",
                issued_at=clock.now,
                issued_by=cast.olga.account.id,
                expires_at=clock.now.replace(year=2027),
            )
        )
    ids = [cast.max.account.id or 0, cast.sam.account.id or 0]
    with database.reading() as db:
        found = issued.of_accounts(db, ids)
        assert db.get_one(Account, cast.sam.account.id).password_hash == ""
    assert found == {"invited_by": ["", "Olga Orlova"], "initial_password": [False, True]}
    clock.set(clock.now.replace(year=2028))
    with database.reading() as db:
        assert issued.of_accounts(db, ids)["initial_password"] == [False, False]
