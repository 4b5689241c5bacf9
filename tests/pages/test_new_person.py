"""New student, guardian and staff member: typed, looked at for look-alikes, saved once, then account and invitation."""

from __future__ import annotations

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Account, Enrolment, Guardianship, Person, Selection
from tests import cast as make
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import button, everything_said


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


def _type(page: AppTest, **texts: str) -> AppTest:
    for label, text in texts.items():
        next(field for field in page.text_input if field.label == label.replace("_", " ")).input(text)
    return page.run()


def _names(page: AppTest, first: str, last: str) -> AppTest:
    return _type(page, First_name=first, Last_name=last)


def _saved(source_id: str) -> Person | None:
    with database.reading() as db:
        return db.exec(select(Person).where(Person.source_id == source_id)).first()


def _count(first_name: str) -> int:
    with database.reading() as db:
        return len(db.exec(select(Person).where(Person.first_name == first_name)).all())


@pytest.mark.parametrize("who", ["cora", "tom"])
def test_those_who_only_look_cannot_open_the_form(open_screen: screens.Open, cast: Cast, who: str) -> None:
    page = open_screen(getattr(cast, who).actor, "new_person.py", kind="student")
    assert "This page is not for your role" in screens.everything_said(page) and not page.text_input


def test_a_student_is_saved_with_a_code_that_was_suggested_then_gets_account_and_invitation(
    open_screen: screens.Open, cast: Cast
) -> None:
    page = open_screen(cast.olga.actor, "new_person.py", kind="student")
    page = _names(page, "Μαρία", "Νέα")
    next(box for box in page.selectbox if box.label == "Class").select(cast.class_7b.id).run()
    page = button(page, "Save new student").click().run()
    assert not page.exception
    maria = _saved("S4")
    assert maria is not None and maria.section_id == cast.class_7b.id
    page = open_screen(cast.olga.actor, "new_person.py", kind="student", made=str(maria.id))
    assert "The username will be mnea" in everything_said(page)
    page = button(page, "Create account").click().run()
    assert "Username: mnea" in everything_said(page)
    button(page, "Send Initial Invitation").click().run()
    with database.reading() as db:
        account = db.exec(select(Account).where(Account.person_id == maria.id)).one()
        assert db.exec(select(Selection)).one().list_name == f"account {account.id}"


def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_stored(open_screen: screens.Open, cast: Cast) -> None:
    page = _names(open_screen(cast.olga.actor, "new_person.py", kind="student"), "Nora", "")
    page = button(page, "Save new student").click().run()
    assert any("Last name is empty" in caption.value.replace("\\", "") for caption in page.caption)
    assert _count("Nora") == 0


def test_a_look_alike_is_shown_first_and_somebody_else_is_saved_on_request(
    open_screen: screens.Open, cast: Cast
) -> None:
    page = _names(open_screen(cast.olga.actor, "new_person.py", kind="student"), "SIDÉRIS", "sam")
    page = button(page, "Save new student").click().run()
    said = everything_said(page)
    assert "Somebody like this is registered already" in said and "Sam Sideris" in said and "the same name" in said
    assert _count("SIDÉRIS") == 0
    button(page, "It is somebody else: save").click().run()
    assert _count("SIDÉRIS") == 1


def test_a_guardian_is_registered_in_the_same_go(open_screen: screens.Open, cast: Cast) -> None:
    page = _names(open_screen(cast.olga.actor, "new_person.py", kind="student"), "Nora", "New")
    next(toggle for toggle in page.toggle if toggle.label == "Register a new guardian too").set_value(True).run()
    texts = {"Guardian's first name": "Greta", "Guardian's last name": "New"}
    for label, text in texts.items():
        next(field for field in page.text_input if field.label == label).input(text)
    button(page.run(), "Save new student").click().run()
    with database.reading() as db:
        greta = db.exec(select(Person).where(Person.first_name == "Greta")).one()
        nora = db.exec(select(Person).where(Person.first_name == "Nora")).one()
        assert db.exec(select(Guardianship).where(Guardianship.guardian_id == greta.id)).one().student_id == nora.id


def test_what_cannot_be_of_a_new_guardian_is_said_beside_its_field_and_whose_it_is(
    open_screen: screens.Open, cast: Cast
) -> None:
    page = _names(open_screen(cast.olga.actor, "new_person.py", kind="student"), "Nora", "New")
    next(toggle for toggle in page.toggle if toggle.label == "Register a new guardian too").set_value(True).run()
    next(field for field in page.text_input if field.label == "Guardian's mobile").input("12")
    assert any("no mobile number" in caption.value for caption in page.run().caption)
    page = button(page, "Save new student").click().run()
    assert page.error[0].value.startswith("The new guardian\\: First name is empty")
    assert any("First name is empty" in caption.value for caption in page.caption)
    assert _count("New") == 0


@pytest.mark.parametrize(
    ("kind", "back"), [("student", "Students List"), ("guardian", "User Accounts"), ("staff", "User Accounts")]
)
def test_the_way_back_leads_where_the_form_was_opened(
    open_screen: screens.Open, cast: Cast, kind: str, back: str
) -> None:
    page = open_screen(cast.olga.actor, "new_person.py", kind=kind)
    assert [one.proto.label for one in page.main if one.type == "page_link"] == [back]


def test_a_guardian_is_linked_to_a_student_found_by_a_search(open_screen: screens.Open, cast: Cast) -> None:
    page = _names(open_screen(cast.olga.actor, "new_person.py", kind="guardian"), "Greta", "Guard")
    page = _type(page, Find_a_student_who_is_registered_already="otto")
    page = button(page, "Link").click().run()
    button(page, "Save new guardian").click().run()
    with database.reading() as db:
        greta = db.exec(select(Person).where(Person.first_name == "Greta")).one()
        link = db.exec(select(Guardianship).where(Guardianship.guardian_id == greta.id)).one()
        assert link.student_id == cast.otto.person.id


def test_an_agent_is_registered_like_staff_and_their_account_is_one_of_an_agent(
    open_screen: screens.Open, cast: Cast
) -> None:
    page = _names(open_screen(cast.olga.actor, "new_person.py", kind="staff"), "Aki", "Agent")
    button(page, "Save new staff member").click().run()
    with database.reading() as db:
        aki = db.exec(select(Person.id).where(Person.first_name == "Aki")).one()
    page = open_screen(cast.olga.actor, "new_person.py", kind="staff", made=str(aki))
    page = next(field for field in page.selectbox if field.label == "User type").select("agent").run()
    page = button(page, "Create account").click().run()
    assert not page.exception
    with database.reading() as db:
        assert db.exec(select(Account.user_type).where(Account.person_id == aki)).one() == "agent"


def test_staff_are_saved_with_the_classes_they_teach(open_screen: screens.Open, cast: Cast) -> None:
    page = _names(open_screen(cast.olga.actor, "new_person.py", kind="staff"), "Tina", "Teach")
    page.multiselect[0].select(cast.class_8a.id).run()
    button(page, "Save new staff member").click().run()
    with database.reading() as db:
        tina = db.exec(select(Person).where(Person.first_name == "Tina")).one()
        assert db.exec(select(Enrolment).where(Enrolment.person_id == tina.id)).one().section_id == cast.class_8a.id
    card = everything_said(open_screen(cast.olga.actor, "account.py", person=str(tina.id)))
    assert "Classes taught" in card and "8A" in card


def test_hostile_names_are_never_markdown(open_screen: screens.Open, cast: Cast) -> None:
    evil = "![x](http://evil.example/x.png)"
    with database.transaction() as db:
        make.person(db, first_name=evil, last_name="<script>alert(1)</script>")
    page = _names(open_screen(cast.olga.actor, "new_person.py", kind="student"), evil, "<script>alert(1)</script>")
    page = button(page, "Save new student").click().run()
    assert not page.exception
    assert "Somebody like this is registered already" in everything_said(page)
    assert not any("evil.example" in markdown.value for markdown in page.markdown)


@pytest.mark.parametrize("query", [{"kind": "king"}, {"kind": "student", "made": "999999"}, {"made": "x"}])
def test_an_address_that_makes_no_sense_breaks_nothing(
    open_screen: screens.Open, cast: Cast, query: dict[str, str]
) -> None:
    assert not open_screen(cast.olga.actor, "new_person.py", **query).exception
