"""The cards as each role sees them."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import database
from core.models import Account, AccountRole, Person
from core.rules.account_acts import Act
from tests import cast as make
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import button, everything_said
from tests.services.test_account_acts import carry_out

WHY = "Why can't they sign in?"


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


def _tabs(page: screens.AppTest) -> list[str]:
    return [tab.label for tab in page.tabs]


def test_the_office_sees_the_whole_card_of_a_guardian(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "account.py", id=str(cast.gina.account.id))
    assert not page.exception
    assert _tabs(page) == ["Account", "Contact", "Students", "Timeline", WHY]
    said = everything_said(page)
    assert "Sam Sideris" in said and "Max Sideris" in said
    assert "They cannot sign in: no password was chosen yet." in said
    assert "Send Initial Invitation" in said and "Manage Roles/Periods" not in said


def test_contacts_of_a_guardian_are_saved_and_a_bad_number_says_what_to_do(
    open_screen: screens.Open, cast: Cast
) -> None:
    page = open_screen(cast.olga.actor, "account.py", id=str(cast.gina.account.id))
    next(field for field in page.text_input if field.label == "Mobile").input("12").run()
    button(page, "Save").click().run()
    assert "This is no mobile number" in page.error[0].value
    next(field for field in page.text_input if field.label == "Mobile").input("6912345678").run()
    button(page, "Save").click().run()
    assert "mobile" in page.success[0].value


def test_the_middle_name_of_a_guardian_is_shown_and_changed(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "account.py", id=str(cast.gina.account.id))
    next(field for field in page.text_input if field.label == "Middle name").input("Maria").run()
    page = button(page, "Save").click().run()
    assert "Gina Maria" in everything_said(page)
    with database.reading() as db:
        assert db.get_one(Person, cast.gina.person.id).middle_name == "Maria"


def test_the_classes_that_a_colleague_teaches_are_changed_on_the_card_by_whoever_may_change_them(
    open_screen: screens.Open, cast: Cast
) -> None:
    assert "Save classes" not in [
        one.label for one in open_screen(cast.olga.actor, "account.py", id=str(cast.tom.account.id)).button
    ]
    page = open_screen(cast.ada.actor, "account.py", id=str(cast.tom.account.id))
    field = next(field for field in page.multiselect if field.label == "Classes taught")
    assert field.value == [cast.class_7b.id]
    field.set_value([cast.class_7b.id, cast.class_8a.id]).run()
    page = button(page, "Save classes").click().run()
    assert "The classes taught are saved." in page.success[0].value
    assert "7B, 8A" in everything_said(page)


def test_a_locked_account_is_unlocked_from_its_cross(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        account = db.get_one(Account, cast.sam.account.id)
        account.suspended_at, account.password_hash = account.created_at, "x"
        db.add(account)
    page = open_screen(cast.olga.actor, "student.py", id=str(cast.sam.person.id))
    assert "They cannot sign in: the account is locked after many wrong passwords." in everything_said(page)
    button(page, "Unlock").click().run()
    with database.reading() as db:
        assert db.get_one(Account, cast.sam.account.id).suspended_at is None
    assert "Nothing stands in the way" in everything_said(page)


def test_a_status_that_keeps_somebody_out_has_its_button(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        person = db.get_one(Person, cast.gina.person.id)
        person.status = "inactive"
        db.add(person)
    page = open_screen(cast.olga.actor, "account.py", id=str(cast.gina.account.id))
    assert "The status does not count as Registered or Active." in everything_said(page)
    assert "Change the status" in [one.label for one in page.button]


def test_an_administrator_undoes_on_the_timeline_what_a_colleague_did(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        carry_out(db, cast.olga.actor, Act.DEACTIVATE, cast.gina, cast.sam)
    assert "Undo" not in [
        one.label for one in open_screen(cast.tom.actor, "student.py", id=str(cast.sam.person.id)).button
    ]
    page = open_screen(cast.ada.actor, "account.py", id=str(cast.gina.account.id))
    page = button(page, "Undo").click().run()
    assert "was done to 2 accounts" in " ".join(text.value for text in page.markdown)
    assert "Undo for 2 accounts" in [one.label for one in page.button]


def test_the_card_says_of_a_role_for_whom_until_when_and_that_it_is_over(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        role = db.execute(sa.select(AccountRole).where(col(AccountRole.account_id) == cast.tom.account.id)).scalar_one()
        role.grades, role.ends_on = ["8"], date(2026, 6, 30)
        db.add(role)
    page = open_screen(cast.olga.actor, "account.py", id=str(cast.tom.account.id))
    assert "Teacher for 7B, grade 8, until 30 Jun 2026, not in force today" in page.table[0].value.to_string()


def test_the_office_is_told_whom_to_ask_for_a_role(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        db.execute(sa.delete(AccountRole).where(col(AccountRole.account_id) == cast.gina.account.id))
    page = open_screen(cast.olga.actor, "account.py", id=str(cast.gina.account.id))
    assert "Ask an administrator." in [caption.value for caption in page.caption]
    page = open_screen(cast.ada.actor, "account.py", id=str(cast.gina.account.id))
    assert "Manage Roles/Periods" in [one.label for one in page.button]


def test_a_student_without_an_account_gets_one_with_the_username_that_was_shown(
    open_screen: screens.Open, cast: Cast
) -> None:
    with database.transaction() as db:
        new = make.person(db, first_name="Nora", last_name="New")
    page = open_screen(cast.olga.actor, "student.py", id=str(new.id))
    assert "The username will be nnew." in everything_said(page)
    button(page, "Create account").click().run()
    assert not page.exception
    assert WHY in _tabs(page)


@pytest.mark.parametrize("who", ["cora", "tom"])
def test_those_of_7b_see_masked_cards_without_actions_and_never_otto(
    open_screen: screens.Open, cast: Cast, who: str
) -> None:
    actor = getattr(cast, who).actor
    page = open_screen(actor, "student.py", id=str(cast.sam.person.id))
    assert not page.exception
    said = everything_said(page)
    assert cast.sam.person.personal_email not in said and cast.gina.person.contact_email not in said
    for forbidden in ("Actions", "Link a guardian", "Unlock", "Copy link", "Save"):
        assert forbidden not in [one.label for one in page.button]
    assert (WHY in _tabs(page)) == (who == "cora")
    for screen, number in (("student.py", cast.otto.person.id), ("account.py", cast.otto.account.id)):
        if who == "tom" and screen == "account.py":
            continue
        page = open_screen(actor, screen, id=str(number))
        assert "Otto" not in everything_said(page)
        assert len(page.error) == 1


def test_hostile_names_are_no_markdown_on_the_cards(open_screen: screens.Open, cast: Cast) -> None:
    evil = "![x](http://evil.example/x.png) www.evil.example"
    with database.transaction() as db:
        person = make.person(db, kind="guardian", first_name=evil, last_name="<b>bold</b>")
        account = make.account(db, person=person, username="evil")
        make.guardianship(db, student=cast.sam.person, guardian=person)
    for screen, number in (("account.py", account.id), ("student.py", cast.sam.person.id)):
        page = open_screen(cast.olga.actor, screen, id=str(number))
        assert not page.exception
        markdowns = " ".join(markdown.value for markdown in [*page.markdown, *page.caption])
        assert "(http://evil" not in markdowns and " www.evil" not in markdowns


@pytest.mark.parametrize("kind", ["guardian", "staff"])
def test_a_guardian_or_colleague_without_an_account_has_a_card_and_gets_one_there(
    open_screen: screens.Open, cast: Cast, kind: str
) -> None:
    with database.transaction() as db:
        person = make.person(db, kind=kind, first_name="Nina", last_name="New", status="active")
        if kind == "guardian":
            make.guardianship(db, student=cast.sam.person, guardian=person)
    page = open_screen(cast.ada.actor, "account.py", person=str(person.id))
    assert not page.exception
    assert _tabs(page) == [
        "Account",
        "Contact",
        *(["Students"] if kind == "guardian" else []),
        "Timeline",
        "Data protection",
    ]
    assert "The username will be nnew." in everything_said(page)
    button(page, "Create account").click().run()
    assert not page.exception
    said = everything_said(page)
    assert WHY in _tabs(page)
    assert ("an administrator gives one" in said) == (kind == "staff")
    button(page, "Undo").click().run()
    assert "Undone for 1 account." in everything_said(page)
    assert WHY not in _tabs(page)


def test_the_card_of_a_student_leads_to_a_guardian_without_an_account(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        person = make.person(db, kind="guardian", first_name="Nina", last_name="New", status="active")
        make.guardianship(db, student=cast.sam.person, guardian=person)
    page = open_screen(cast.olga.actor, "student.py", id=str(cast.sam.person.id))
    asked = [link.proto.query_string for link in page.get("page_link")]
    assert f"person={person.id}" in asked


def test_r60_nobody_opens_the_card_of_a_person_outside_their_classes(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        person = make.person(db, kind="guardian", first_name="Nina", last_name="New", status="active")
        make.guardianship(db, student=cast.otto.person, guardian=person)
    page = open_screen(cast.cora.actor, "account.py", person=str(person.id))
    assert "Nina" not in everything_said(page)
    assert len(page.error) == 1


def test_the_microsoft_address_of_a_guardian_is_saved(open_screen: screens.Open, cast: Cast) -> None:
    page = open_screen(cast.olga.actor, "account.py", id=str(cast.gina.account.id))
    next(field for field in page.text_input if field.label == "Microsoft 365 address").input("g@school.example").run()
    button(page, "Save").click().run()
    with database.reading() as db:
        assert db.get_one(Person, cast.gina.person.id).external_email == "g@school.example"
