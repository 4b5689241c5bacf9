"""Students List, User Accounts, the card and the status page, as people use them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Person, SchoolSettings
from core.permissions import Actor, Role, Scope
from core.services import selections
from pages.shared import filter_address
from tests import cast as make
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import button, everything_said

LISTS = ("students.py", "accounts.py")


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


def _names(page: AppTest) -> list[str]:
    return list(page.dataframe[0].value["Name"])


def test_without_a_session_every_screen_is_empty_but_for_the_way_back(open_screen: screens.Open, cast: Cast) -> None:
    for actor in (None, cast.sam.actor, cast.gina.actor):
        page = open_screen(actor)
        assert [title.value for title in page.title] == ["Your session has ended"]
        assert "Sideris" not in everything_said(page)
        assert not page.dataframe


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ("ada", {"status", "students", "accounts", "campaigns", "outbox", "imports", "wordings", "settings"}),
        ("olga", {"status", "students", "accounts", "campaigns", "outbox", "imports"}),
        ("cora", {"status", "students", "accounts"}),
        ("tom", {"status", "students"}),
    ],
)
def test_each_role_opens_its_own_screens_and_no_other(
    open_screen: screens.Open, cast: Cast, who: str, allowed: set[str]
) -> None:
    actor = getattr(cast, who).actor
    page = open_screen(actor)
    for screen in ("status", "students", "accounts", "campaigns", "outbox", "imports", "settings"):
        assert not page.switch_page(f"{screen}.py").run().exception
        assert ("This page is not for your role" in screens.everything_said(page)) is (screen not in allowed)


def test_the_office_sees_the_students_with_the_reason_why_not(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        make.person(db, first_name="Nora", last_name="New")
    page = open_screen(cast.olga.actor, "students.py")
    assert not page.exception
    assert _names(page) == ["New Nora", "Other Otto", "Sideris Max", "Sideris Sam"]
    assert page.dataframe[0].value["Can be invited by e-mail"].tolist() == ["No: no account yet", "Yes", "Yes", "Yes"]


def test_search_narrows_the_list_and_clear_gives_it_back(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py")
    page.text_input[0].input("sidéris")
    page = button(page, "Search").click().run()
    assert _names(page) == ["Sideris Max", "Sideris Sam"]
    page = button(page, "Clear").click().run()
    assert len(_names(page)) == 3
    assert page.text_input[0].value == ""


def test_a_link_from_the_chart_presets_the_filter(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "accounts.py", state="ready", type="student")
    assert set(_names(page)) == {"Sideris Max", "Sideris Sam", "Other Otto"}
    page = open_screen(cast.olga.actor, "accounts.py", state="bounced", section="nonsense")
    assert "No account matches." in everything_said(page)


def test_the_manuals_steps_user_type_search_tick_bulk_action(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "accounts.py")
    next(box for box in page.multiselect if box.label == "User Types").select("student")
    page = button(page, "Search").click().run()
    assert len(_names(page)) == 3
    page = button(page, "Tick page").click().run()
    assert "3 selected" in everything_said(page)
    with database.reading() as db:
        view = selections.current(db, cast.olga.actor, list_name="accounts")
        assert view.items == {cast.sam.account.id, cast.max.account.id, cast.otto.account.id}


def test_select_all_then_another_search_says_what_is_not_visible(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py")
    page = button(page, "Select all 3").click().run()
    assert "3 selected" in everything_said(page)
    page.text_input[0].input("otto")
    page = button(page, "Search").click().run()
    assert "**3 selected**, 2 not visible under the current filter" in everything_said(page)
    page = button(page, "Clear selection").click().run()
    assert "none selected" in everything_said(page)


@pytest.mark.parametrize("who", ["tom", "cora"])
def test_otto_appears_nowhere_for_those_of_7b(open_screen: screens.Open, cast: Cast, who: str) -> None:
    actor = getattr(cast, who).actor
    for screen in ("status.py", "students.py", *(["accounts.py"] if who == "cora" else [])):
        page = open_screen(actor, screen)
        assert not page.exception
        said = everything_said(page)
        assert "Otto" not in said and "8A" not in said
        if screen in LISTS:
            assert "Sideris" in said
            assert cast.sam.person.personal_email not in said
            assert "Bulk Actions" not in said
    for query in (
        {"id": str(cast.otto.person.id)},
        {"account": str(cast.otto.account.id)},
        {"id": "999999"},
        {"id": "x"},
    ):
        page = open_screen(actor, "student.py", **query)
        assert "Otto" not in everything_said(page)
        assert len(page.error) == 1


def test_hostile_names_are_cells_and_texts_and_never_markdown(open_screen: screens.Open, cast: Cast) -> None:
    evil = "![x](http://evil.example/x.png)"
    with database.transaction() as db:
        person = make.person(db, first_name=evil, last_name="<script>alert(1)</script>")
    for screen, query in (("students.py", {}), ("student.py", {"id": str(person.id)})):
        page = open_screen(cast.olga.actor, screen, **query)
        assert not page.exception
        assert not any("evil.example" in markdown.value for markdown in page.markdown)


@pytest.mark.usefixtures("database")
def test_an_empty_school_is_told_the_first_step(open_screen: screens.Open) -> None:
    olga = Actor("olga", _lone_account(), None, frozenset({Role.OFFICE}), Scope(everybody=True), session_id="s")
    page = open_screen(olga, "students.py")
    assert "No students yet" in everything_said(page)
    assert "Import your students" in everything_said(page)


@pytest.mark.parametrize("screen", ["students.py", "accounts.py", "status.py"])
def test_a_coordinator_whose_classes_are_empty_is_not_told_that_the_school_is(
    screen: str, open_screen: screens.Open, cast: Cast
) -> None:
    page = open_screen(replace(cast.cora.actor, scope=Scope()), screen)
    said = everything_said(page)
    assert "Nobody in your classes" in said and "No students yet" not in said and "No accounts yet" not in said


def _lone_account() -> int:
    with database.transaction() as db:
        db.add(SchoolSettings(id=1))
        account = make.account(db, person=make.person(db, kind="staff"), user_type="staff")
        assert account.id is not None
        return account.id


def test_the_live_line_follows_what_is_typed_before_saving(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "student.py", id=str(cast.sam.person.id))
    assert f"Can be invited by e-mail: yes, to {cast.sam.person.personal_email}." in everything_said(page)
    next(field for field in page.text_input if field.label == "Personal e-mail").input("typed@mail.example").run()
    assert "Can be invited by e-mail: yes, to typed@mail.example." in everything_said(page)
    next(toggle for toggle in page.toggle if toggle.label == "Use Personal E-mail").set_value(False).run()
    assert "no, because: Use Personal E-mail is off." in everything_said(page)
    with database.reading() as db:
        assert db.get_one(Person, cast.sam.person.id).use_personal_email


def test_saving_the_profile_says_what_changed_and_a_bad_address_says_what_to_do(
    open_screen: screens.Open, cast: Cast
) -> None:
    page = open_screen(cast.olga.actor, "student.py", id=str(cast.sam.person.id))
    field = next(field for field in page.text_input if field.label == "Personal e-mail")
    field.input("nonsense").run()
    button(page, "Save").click().run()
    assert "No mail can be sent to this address." in page.error[0].value
    next(field for field in page.text_input if field.label == "Personal e-mail").input("new@mail.example").run()
    button(page, "Save").click().run()
    assert "personal" in page.success[0].value
    with database.reading() as db:
        assert db.get_one(Person, cast.sam.person.id).personal_email == "new@mail.example"


def test_with_microsoft_365_the_card_warns_of_the_closed_mailbox(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        school = db.get_one(SchoolSettings, 1)
        school.microsoft = True
        db.add(school)
        new = make.person(db, contact_email="New@school.example", external_email="new@school.example")
    page = open_screen(cast.olga.actor, "student.py", id=str(new.id))
    assert "Nobody can open that mailbox" in page.warning[0].value


def test_those_who_may_not_edit_see_a_locked_and_masked_card(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.cora.actor, "student.py", id=str(cast.sam.person.id))
    assert all(field.disabled for field in page.text_input)
    assert not [found for found in page.button if found.label == "Save"]
    assert cast.sam.person.personal_email not in everything_said(page)


def test_the_demo_says_so_on_every_screen(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        school = db.get_one(SchoolSettings, 1)
        school.is_demo = True
        db.add(school)
    for screen in ("status.py", "students.py", "accounts.py", "imports.py"):
        assert "Demo school: nothing leaves this machine" in everything_said(open_screen(cast.olga.actor, screen))


def test_whoever_comes_back_from_a_card_finds_page_and_order_again(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        for number in range(60):
            make.person(db, kind="student", status="registered", last_name=f"Many{number:02}")
    page = open_screen(cast.ada.actor, "students.py")
    page = next(box for box in page.selectbox if box.label == "Order").select(("source_id", True)).run()
    key = next(key for key in page.session_state._state.filtered_state if str(key).startswith("students.page."))
    page.session_state[key] = 2
    before = _names(page.run())
    page.switch_page("student.py")
    page.query_params["id"] = str(cast.sam.person.id)
    page.run()
    page.query_params.clear()
    page.switch_page("students.py")
    assert _names(page.run()) == before


def test_a_link_of_ours_asks_for_just_what_it_says(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.ada.actor, "students.py", state="ready")
    everybody = _names(page)
    page.text_input[0].set_value("Otto")
    page = button(page, "Search").click().run()
    assert _names(page) != everybody
    page.switch_page("status.py")
    page.query_params.clear()
    page.run()
    page.switch_page("students.py")
    for name, value in filter_address.link({"state": "ready"}).items():
        page.query_params[name] = value
    page.run()
    assert _names(page) == everybody
    assert "from" not in page.query_params
