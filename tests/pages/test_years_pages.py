"""Reminders, retention, academic years, and the rights of a person, as Ada uses them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock, database
from core.models import AcademicPeriod, Account, Invitation, Person, SchoolSettings
from core.services import invitations, wordings
from tests import cast as casting
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import button, everything_said


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


@pytest.fixture
def people(cast: Cast) -> Iterator[Cast]:
    """Sam was invited by e-mail nine days ago; Ada has just signed in."""
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        casting.just_signed_in(db, cast.ada.actor)
        db.execute(sa.update(SchoolSettings).values(is_demo=True))
        at, sam = clock.now() - timedelta(days=9), cast.sam.account.id or 0
        invitations.issue_link(db, account_id=sam, channel="email", address="sam@mail.example", days=7)
        db.execute(sa.update(Invitation).values(issued_at=at, expires_at=at + timedelta(days=7)))
        ends = {"invited_at": at, "invitation_ends_at": at + timedelta(days=7)}
        db.execute(sa.update(Account).where(col(Account.id) == sam).values(**ends))
    yield cast


def own() -> SchoolSettings:
    with database.reading() as db:
        return db.get_one(SchoolSettings, 1)


def test_reminders_say_who_is_next_and_are_started_and_stopped_there(people: Cast, open_screen: screens.Open) -> None:
    page = open_screen(people.ada.actor, "reminders.py")
    said = everything_said(page)
    assert people.sam.account.username in said
    assert "If they were on, the next run would be" in said
    page.session_state["reminders.run"] = "The run after it"
    page.run()
    assert "If they were on, the run after it would be" in everything_said(page)
    assert people.sam.account.username not in everything_said(page), "who is reminded in the next run is too soon"
    page.session_state["reminders.run"] = "Next run"
    page.run()
    button(page, "Start reminders").click().run()
    assert own().reminders
    button(page, "Stop reminders").click().run()
    assert not own().reminders
    seen = open_screen(people.olga.actor, "reminders.py")
    assert people.sam.account.username in everything_said(seen)
    assert "Start reminders" not in [found.label for found in seen.button]


def test_retention_says_what_would_go(people: Cast, open_screen: screens.Open) -> None:
    with database.transaction() as db:
        old = clock.now() - timedelta(days=500)
        left = {"status": "left", "updated_at": old}
        db.execute(sa.update(Person).where(col(Person.id) == people.otto.person.id).values(**left))
    said = everything_said(open_screen(people.ada.actor, "retention.py"))
    assert "No run yet" in said
    assert "Otto" in said


def test_a_year_is_created_begun_and_undone_on_one_page(people: Cast, open_screen: screens.Open) -> None:
    page = open_screen(people.ada.actor, "periods.py")
    button(page, "Create the year").click().run()
    button(page, "Begin 2027-2028").click().run()
    with database.reading() as db:
        assert db.exec(select(AcademicPeriod.title).where(AcademicPeriod.is_current)).one() == "2027-2028"
    said = everything_said(page)
    assert "2 students went up, 1 left" in said
    assert "Leavers: 1 have left" in said
    button(page, "Undo").click().run()
    assert "3 students are where they were" in everything_said(page)
    with database.reading() as db:
        assert db.exec(select(AcademicPeriod.title).where(AcademicPeriod.is_current)).one() == "2026-2027"


def test_a_year_made_by_mistake_is_corrected_and_removed_on_the_page(people: Cast, open_screen: screens.Open) -> None:
    page = open_screen(people.ada.actor, "periods.py")
    button(page, "Create the year").click().run()
    made = next(one for one in page.selectbox if one.key == "year.correct")
    made.select_index(0).run()
    next(field for field in page.text_input if field.label == "Its name").set_value("2027/28")
    button(page, "Save the year").click().run()
    assert not page.exception and "the year 2027/28" in page.success[0].value
    button(page, "Remove this year").click().run()
    assert not page.exception
    with database.reading() as db:
        assert db.exec(select(AcademicPeriod.title)).all() == ["2026-2027"]
    button(page, "Remove this year").click().run()
    assert "is the current year" in page.error[0].value


def test_a_person_is_erased_from_the_card_with_the_name_typed(people: Cast, open_screen: screens.Open) -> None:
    page = open_screen(people.ada.actor, "student.py", id=str(people.otto.person.id))
    assert "Personal data" in everything_said(page)
    next(field for field in page.text_input if field.key == "rights.name").set_value("Otto Othello").run()
    button(page, "Erase this person").click().run()
    assert "This is not the name" in everything_said(page)
    next(field for field in page.text_input if field.key == "rights.name").set_value("Otto Other").run()
    button(page, "Erase this person").click().run()
    with database.reading() as db:
        assert db.get(Person, people.otto.person.id) is None


def test_r31_the_card_asks_for_the_password_first_and_shows_the_tab_to_administrators_only(
    people: Cast, open_screen: screens.Open
) -> None:
    stale = replace(people.ada.actor, fresh_until=None)
    asked = open_screen(stale, "student.py", id=str(people.otto.person.id))
    assert "Confirm that it is you" in everything_said(asked)
    assert "Erase this person" not in [found.label for found in asked.button]
    office = open_screen(people.olga.actor, "student.py", id=str(people.otto.person.id))
    assert "Data protection" not in everything_said(office)
