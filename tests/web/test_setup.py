"""The one-time link that creates the first administrator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import select

from core import database
from core.config import settings
from core.models import Account, AccountRole, AuditEntry, Person, SchoolSettings
from core.services import setup
from tests.conftest import Clock
from tests.web import browsing
from tests.web.browsing import PASSWORD, Browser

FORM = {
    "school_name": "Zoë's School",
    "first_name": "Ada",
    "last_name": "Adams",
    "email": "ada@school.example",
    "username": "ada",
    "password": PASSWORD,
}


@pytest.fixture
def newcomer(database: None) -> Iterator[Browser]:
    with browsing.browser() as made:
        yield made


def _link() -> str:
    with database.transaction() as db:
        return setup.new_link(db).removeprefix(settings().base_url)


def _accounts() -> list[Account]:
    with database.reading() as db:
        return list(db.exec(select(Account)))


def test_r30_the_link_makes_an_administrator_who_then_signs_in(newcomer: Browser) -> None:
    link = _link()
    for _look in range(3):
        assert newcomer.open(link).status_code == 200
    answer = newcomer.send(link, FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?username=ada&saved=password")
    assert newcomer.sign_in("ADA").headers["location"] == "/sign-in/code"
    assert newcomer.open("/sign-in/code").headers["location"] == "/sign-in/app"  # R25: from the first sign-in on
    (account,) = _accounts()
    with database.reading() as db:
        role = db.exec(select(AccountRole)).one()
        assert (role.role, role.everybody, role.account_id) == ("administrator", True, account.id)
        assert db.exec(select(Person)).one().contact_email_valid
        assert db.get_one(SchoolSettings, 1).school_name == "Zoë's School"
        entry = db.exec(select(AuditEntry)).first()
        assert entry and entry.action == "administrator.created" and "ada" not in str(entry.details)


def test_a_second_use_is_refused_in_words(newcomer: Browser) -> None:
    link = _link()
    newcomer.open(link)
    newcomer.send(link, FORM)
    assert "has been used or has ended" in newcomer.open(link).text
    newcomer.open("/sign-in")
    answer = newcomer.send(link, FORM | {"username": "eve"})
    assert answer.status_code == 410
    assert len(_accounts()) == 1


def test_the_link_ends_after_a_day_and_when_a_newer_one_is_made(newcomer: Browser, clock: Clock) -> None:
    old = _link()
    clock.forward(hours=23, minutes=59)
    assert newcomer.open(old).status_code == 200
    newer = _link()
    assert newcomer.open(old).status_code == 410
    clock.forward(hours=24)
    assert newcomer.open(newer).status_code == 410
    assert newcomer.open("/setup/made-up").status_code == 410


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("first_name", "   ", "Type your first and last name"),
        ("last_name", "A\x00B", "Type your first and last name"),
        ("email", "no address", "e-mail address is not valid"),
        ("username", "a b", "no spaces"),
        ("username", "ab", "3 to 60 letters"),
        ("password", "short", "too short"),
        ("password", "ada adams zoe school", "Others know your name"),
    ],
)
def test_a_form_with_a_problem_comes_back_filled_in_and_the_link_still_works(
    newcomer: Browser, field: str, value: str, said: str
) -> None:
    link = _link()
    newcomer.open(link)
    answer = newcomer.send(link, FORM | {field: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert PASSWORD not in answer.text
    assert 'value="Zoë&#39;s School"' in answer.text
    assert newcomer.send(link, FORM).status_code == 303


def test_a_taken_username_is_said_and_the_link_still_works(newcomer: Browser) -> None:
    link = _link()
    newcomer.open(link)
    newcomer.send(link, FORM)
    link = _link()
    newcomer.open(link)
    answer = newcomer.send(link, FORM | {"username": "Ada"})
    assert "Somebody has this username already" in answer.text
    assert newcomer.send(link, FORM | {"username": "ada2"}).status_code == 303
    assert len(_accounts()) == 2


def test_the_demo_keeps_its_name(newcomer: Browser) -> None:
    with database.transaction() as db:
        db.add(SchoolSettings(id=1, school_name="Demo School", is_demo=True))
    link = _link()
    assert 'name="school_name"' not in newcomer.open(link).text
    newcomer.send(link, FORM)
    with database.reading() as db:
        assert db.get_one(SchoolSettings, 1).school_name == "Demo School"
