"""Filters, chips, views and the selection bar of the two lists, as people use them."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Account, Person
from core.services import list_views, people, selections
from core.tables import list_views as table
from core.tables.contacts import Contacts
from core.tables.filters import AccountFilter, StudentFilter
from pages.shared import chips, contact_repairs, filter_address
from pages.shared.questions import Choice
from tests import cast as make
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import button, everything_said

USER_TYPES = [
    *("Administrators", "Students", "Teachers", "Partners/Employers", "Staff/Employees"),
    *("Parents/Guardians", "Alumni", "Agents"),
]


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


def _names(page: AppTest) -> list[str]:
    return list(page.dataframe[0].value["Name"])


def _labels(page: AppTest) -> list[str]:
    """As people read them: names are no Markdown."""
    return [found.label.replace("\\", "") for found in page.button]


def _press(page: AppTest, label: str) -> AppTest:
    return page.button[_labels(page).index(label)].click().run()


def _field(fields: Any, label: str) -> Any:
    return next(field for field in fields if field.label == label)


def _view(page: AppTest, starts: str) -> Any:
    views = page.button_group[0]
    return views.select(next(option for option in views.options if option.startswith(starts)))


def test_the_questions_of_classter_have_their_exact_names(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "accounts.py")
    assert _field(page.multiselect, "User Types").options == USER_TYPES
    page = button(page, "More filters").click().run()
    assert _field(page.multiselect, "Roles").options[0] == "None"
    for label in ("Active User Account", "Verified Email", "Pending Changes"):
        assert _field(page.selectbox, label).options == ["All", "Yes", "No"]
    assert _field(page.selectbox, "Login Status").options == ["All", "Has Logged On", "Never Logged On"]


def test_each_answer_is_a_chip_and_a_press_takes_it_out(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py", grade="7", has_mobile="False")
    assert {"Grade: 7", "Has mobile: No"} <= set(_labels(page))
    assert len(_names(page)) == 2
    page = _press(page, "Grade: 7")
    assert len(_names(page)) == 3
    assert "Grade: 7" not in _labels(page)
    assert page.query_params == {"has_mobile": "False"}


def test_classes_of_an_earlier_year_can_be_asked_and_stay_asked(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        before = make.period(db, title="2025-2026", is_current=False)
        old = make.section(db, period=before, title="6B", grade="6")
        make.person(db, in_section=old, last_name="Leaver", first_name="Lea")
        db.flush()
        year, old_id = str(before.id), str(old.id)
    page = open_screen(cast.olga.actor, "students.py")
    assert _field(page.multiselect, "Class").options == ["7B", "8A"]
    page = open_screen(cast.olga.actor, "students.py", period=year)
    assert _field(page.multiselect, "Class").options == ["6B"]
    page = open_screen(cast.olga.actor, "students.py", section=old_id)
    assert "Class: 6B" in _labels(page)
    page = button(page, "Search").click().run()
    assert "Class: 6B" in _labels(page), "another search does not drop it"
    assert len(_names(page)) == 1
    seen_by_tom = open_screen(cast.tom.actor, "students.py", section=old_id)
    assert "Class: 6B" not in _labels(seen_by_tom)


@pytest.mark.parametrize("name", ["students.py", "accounts.py"])
def test_the_classes_of_another_year_are_offered_as_soon_as_it_is_asked(
    open_screen: screens.Open, cast: Cast, name: str
) -> None:
    with database.transaction() as db:
        before = make.period(db, title="2025-2026", is_current=False)
        make.section(db, period=before, title="6B", grade="6")
        year = before.id
    page = button(open_screen(cast.olga.actor, name), "More filters").click().run()
    _field(page.selectbox, "Academic year").select(year)
    page = button(page, "Search").click().run()
    assert _field(page.multiselect, "Class").options == ["6B"]


@pytest.mark.parametrize(("days", "said"), [("2", "Within 2 days"), ("5", "Within 5 days")])
def test_what_a_link_asks_is_shown_by_the_form_and_kept_by_a_search(
    open_screen: screens.Open, cast: Cast, days: str, said: str
) -> None:
    page = open_screen(cast.olga.actor, "accounts.py", link_ends_within=days)
    assert f"Link ends: {said}" in _labels(page)
    page = _press(page, "More filters: 1")
    assert _field(page.selectbox, "Link ends").value == int(days)
    page = button(page, "Search").click().run()
    assert page.query_params == {"link_ends_within": days}
    assert f"Link ends: {said}" in _labels(page)


def test_the_text_is_a_chip_and_never_in_the_address(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py")
    page.text_input[0].input("otto")
    page = button(page, "Search").click().run()
    assert "“otto”" in _labels(page)
    assert not page.query_params
    assert _names(_press(page, "“otto”"))[-1] == "Sideris Sam"


def test_nothing_found_says_what_would_be_found_without_each_answer(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py", section=str(cast.class_7b.id), grade="8")
    assert "No student matches." in everything_said(page)
    assert "Without Class: 7B there would be 1" in _labels(page)
    page = _press(page, "Without Grade: 8 there would be 2")
    assert _names(page) == ["Sideris Max", "Sideris Sam"]


def test_more_filters_open_by_hand_and_keep_what_was_typed(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py")
    assert not [field for field in page.selectbox if field.label == "Guardian linked"]
    page.text_input[0].input("sid")
    page = button(page, "More filters").click().run()
    assert page.text_input[0].value == "sid"
    _field(page.selectbox, "Guardian linked").select(True)
    page = button(page, "Search").click().run()
    assert _names(page) == ["Sideris Max", "Sideris Sam"]
    page = button(page, "More filters").click().run()
    assert {"Guardian linked: Yes", "More filters: 1"} <= set(_labels(page))


def test_a_link_with_one_of_more_filters_leads_to_people_and_not_to_a_form(
    open_screen: screens.Open, cast: Cast
) -> None:
    page = open_screen(cast.olga.actor, "students.py", has_guardian="True", in_period="True")
    assert {"More filters: 2", "Guardian linked: Yes"} <= set(_labels(page))
    assert not [field for field in page.selectbox if field.label == "Guardian linked"]
    page = button(page, "More filters: 2").click().run()
    assert _field(page.selectbox, "Guardian linked").value is True
    assert "More filters" in _labels(page)


def test_a_view_shows_its_number_and_its_rows_and_is_marked(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        otto = db.get_one(Account, cast.otto.account.id)
        otto.deactivated_at = otto.created_at
    page = open_screen(cast.olga.actor, "accounts.py")
    assert "Deactivated **1**" in str(page.button_group[0].proto)
    page = _view(page, "Deactivated").run()
    assert _names(page) == ["Other Otto"]
    assert page.button_group[0].value == "Deactivated"
    assert page.query_params == {"state": "deactivated"}


def test_the_present_filter_is_kept_as_an_own_view(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py", grade="8")
    page.session_state["students.own"] = True
    page.run()
    _field(page.text_input, "Keep the present filter as a view").input("Eight *of* mine")
    page = button(page, "Save view").click().run()
    assert "stands above the list now" in everything_said(page)
    assert "Eight \\\\*of\\\\* mine **1**" in str(page.button_group[0].proto)
    with database.reading() as db:
        assert table.own(db, cast.olga.actor, list_name="students")[0].filter == {"grades": ["8"]}


def test_a_deleted_view_can_be_brought_back(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        list_views.save(db, cast.olga.actor, list_name="students", name="Mine", filter=StudentFilter(text="x"))
    page = open_screen(cast.olga.actor, "students.py")
    page.session_state["students.own"] = True
    page.run()
    page = button(page, "Delete").click().run()
    page = button(page, "Bring it back").click().run()
    with database.reading() as db:
        assert table.own(db, cast.olga.actor, list_name="students")[0].filter == {"text": "x"}


def test_the_bar_shows_just_these_and_unticks_the_page(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py", grade="7")
    page = button(page, "Tick page").click().run()
    page = button(page, "Clear").click().run()
    page = button(page, "Show just these").click().run()
    assert _names(page) == ["Sideris Max", "Sideris Sam"]
    assert "Selection: only the selected" in _labels(page)
    assert _field(page.button, "Select all 2").disabled
    page = button(page, "Untick page").click().run()
    assert "none selected" in everything_said(page)


def test_rows_are_ticked_and_opened_by_keyboard(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "students.py")
    page.session_state["students.keyboard"] = True
    page.run()
    field = _field(page.multiselect, "Ticked on this page")
    assert field.options == ["Other Otto, 8A, S3", "Sideris Max, 7B, S2", "Sideris Sam, 7B, S1"]
    page = field.select(cast.max.person.id).run()
    assert "**1 selected**" in everything_said(page)
    with database.reading() as db:
        assert selections.current(db, cast.olga.actor, list_name="students").items == {cast.max.person.id}


def test_an_act_without_a_selection_explains_itself(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "accounts.py")
    menu = page.get("menu_button")[0]
    assert not menu.proto.disabled


@pytest.mark.parametrize(
    "asked",
    [
        StudentFilter(section_ids=(1, 2), period_id=3, in_period=False, languages=("el",), selected=True),
        AccountFilter(user_types=("student",), login="never", invited_after="2027-03-01", link_ends_within=7),
        AccountFilter(deliveries=("none", "failed"), pending=True, locked=False, guardians_of_selected=True),
        AccountFilter(of_check="yes"),
    ],
)
def test_a_filter_goes_through_the_address_and_back(asked: StudentFilter | AccountFilter) -> None:
    assert filter_address.read(type(asked), filter_address.of(asked)) == asked


def test_what_an_address_cannot_mean_is_left_out() -> None:
    address = {"section": ["x", "²", "7"], "period": ["99999999999"], "in_period": ["perhaps"], "state": ["?"]}
    assert filter_address.read(StudentFilter, address) == StudentFilter(section_ids=(7,), states=("?",))


def test_a_chip_names_days_as_people_write_them() -> None:
    day = Choice("invited_after", "Invited from", {}, kind="day")
    assert [chip.label for chip in chips.of(AccountFilter(invited_after="2027-03-01"), [day])] == [
        "Invited from: 1 Mar 2027"
    ]
    assert chips.of(AccountFilter(invited_after="soon"), [day]) == []


def test_addresses_are_put_right_for_all_rows_or_for_none(cast: Cast) -> None:
    with database.reading() as db:
        held = contact_repairs.contacts.of_people(
            db, cast.olga.actor, person_ids=[cast.sam.person.id or 0, cast.gina.person.id or 0]
        )
    good, bad = {"mobile": "+306912345678"}, {"contact_email": "nonsense", "mobile": "12"}
    refused = contact_repairs.store(cast.olga.actor, held, {0: good, 1: bad})
    assert [sentence.split(":")[0] for sentence in refused] == [
        "Row 2, Siderí Gina, Contact e-mail “nonsense”",
        "Row 2, Siderí Gina, Mobile “12”",
    ]
    with database.reading() as db:
        assert db.get_one(Person, cast.sam.person.id).mobile == ""
    assert contact_repairs.store(cast.olga.actor, held, {0: good}) == []
    with database.reading() as db:
        assert db.get_one(Person, cast.sam.person.id).mobile == "+306912345678"
    assert "Somebody else" in contact_repairs.store(cast.olga.actor, held, {0: {"mobile": ""}})[0]


def _saving(held: list[object], changes: dict[int, object]) -> None:
    import streamlit as st

    from pages.shared import contact_repairs, feedback

    feedback.said()
    if st.button("Save addresses"):
        contact_repairs.save(st.session_state["actor"], "accounts", held, changes)


def _saved(cast: Cast, held: list[Contacts], changes: contact_repairs.Changes) -> AppTest:
    page = AppTest.from_function(_saving, args=(held, changes), default_timeout=30)
    page.session_state["actor"] = cast.olga.actor
    return button(page.run(), "Save addresses").click().run()


def _contacts(cast: Cast) -> list[Contacts]:
    ids = [cast.sam.person.id or 0, cast.gina.person.id or 0]
    with database.reading() as db:
        return contact_repairs.contacts.of_people(db, cast.olga.actor, person_ids=ids)


@pytest.mark.usefixtures("open_screen")
def test_an_address_that_invitations_do_not_go_to_is_said_to_leave_the_person_unreachable(cast: Cast) -> None:
    held = _contacts(cast)
    assert [one.by_personal for one in held] == [True, False]
    with database.transaction() as db:
        gina = held[1]
        people.save(db, cast.ada.actor, person_id=gina.person_id, seen=gina.updated_at, contact_email="", mobile="")
    page = _saved(cast, _contacts(cast), {1: {"personal_email": "gina@home.example"}})
    assert "1 of them still cannot be reached" in page.success[0].value
    page = _saved(cast, _contacts(cast), {1: {"contact_email": "gina@home.example"}})
    assert "still" not in page.success[0].value
    assert "nothing was stored" in _saved(cast, _contacts(cast), {}).info[0].value


@pytest.mark.usefixtures("open_screen")
def test_a_row_that_somebody_else_changed_is_shown_anew_and_the_others_stay_as_typed(cast: Cast) -> None:
    held = _contacts(cast)
    with database.transaction() as db:
        who = held[0]
        people.save(db, cast.ada.actor, person_id=who.person_id, seen=who.updated_at, mobile="6912345678")
    page = _saved(cast, held, {0: {"mobile": "+306900000000"}, 1: {"contact_email": "gina@home.example"}})
    assert f"Somebody else changed {who.name}" in page.error[0].value
    assert page.session_state["accounts.repairs.typed"] == {held[1].person_id: {"contact_email": "gina@home.example"}}
    fresh = page.session_state["accounts.repairs"]
    assert fresh[0].mobile == "+306912345678"
    page = _saved(cast, fresh, {1: {"contact_email": "gina@home.example"}})
    assert "Addresses stored for 1 person." in page.success[0].value.replace("\\", "")


def test_the_view_without_contact_has_an_editor_for_those_who_may(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        who = make.person(db, last_name="Lost", personal_email="", in_section=cast.class_7b)
        make.account(db, person=who, username="lost", user_type="student")
    page = open_screen(cast.olga.actor, "accounts.py", state="not_reachable")
    assert "Put addresses right" in everything_said(page)
    assert "Put addresses right" not in everything_said(open_screen(cast.olga.actor, "accounts.py"))
    page = open_screen(cast.cora.actor, "accounts.py", state="not_reachable")
    assert _names(page) == ["Lost Sam"]
    assert "Put addresses right" not in everything_said(page)
