"""The question whether an address is the person's: opening it changes nothing, the button answers it once."""

from __future__ import annotations

from core import clock, database
from core.models import Account, Person, Purpose
from core.services import invitations
from tests.cast import Cast
from tests.web import browsing
from tests.web.browsing import Browser


def _question(cast: Cast) -> str:
    with database.transaction() as db:
        account = db.get_one(Account, cast.sam.account.id)
        account.verified_at = clock.now()
        db.add(account)
        made = invitations.issue(
            db, Purpose.ADDRESS, account_id=account.id or 0, channel="email", address="new@mail.example", days=7
        )
    return made.token


def test_r14_looking_changes_nothing_and_the_button_confirms_once(browser: Browser, cast: Cast) -> None:
    token = _question(cast)
    opened = browser.open(f"/v/{token}")
    assert (opened.status_code, opened.headers["location"]) == (303, "/address")
    assert opened.headers["referrer-policy"] == "no-referrer"
    for _again in range(3):
        page = browser.open("/address")
        assert page.status_code == 200 and "new@mail.example" in page.text and "Hello Sam" in page.text
    assert browsing.stored(cast.sam.account).verified_address == ""
    done = browser.send("/address")
    assert done.status_code == 200 and "Your address is confirmed" in done.text
    assert browsing.stored(cast.sam.account).verified_address == "new@mail.example"
    browser.open(f"/v/{token}")
    gone = browser.open("/address")
    assert gone.status_code == 410 and "new@mail.example" not in gone.text and "does not work any more" in gone.text


def test_of_two_questions_in_one_browser_the_first_does_not_answer_the_second(browser: Browser, cast: Cast) -> None:
    of_sam = browser.form_of(f"/v/{_question(cast)}")
    browser.open(f"/v/{browsing.link_for(cast.max.account)}")
    answer = browser.send("/address", {"form_token": of_sam})
    assert answer.status_code == 403 and "Nothing was changed" in answer.text
    assert browsing.stored(cast.sam.account).verified_address == ""


def test_r15_the_answer_signs_nobody_in(browser: Browser, cast: Cast) -> None:
    browser.open(f"/v/{_question(cast)}")
    browser.open("/address")
    browser.send("/address")
    assert browsing.SESSION() not in browser.cookies


def test_r20_a_strange_link_says_nothing_of_anybody(browser: Browser, cast: Cast) -> None:
    browser.open("/v/0000000000000000000000000000")
    page = browser.open("/address")
    assert page.status_code == 410
    assert "Sam" not in page.text and "mail.example" not in page.text


def test_an_answer_from_another_site_is_refused(browser: Browser, cast: Cast) -> None:
    browser.open(f"/v/{_question(cast)}")
    browser.open("/address")
    answer = browser.send("/address", Origin="https://evil.example", **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code in (400, 403)
    assert browsing.stored(cast.sam.account).verified_address == ""


def test_a_greek_speaker_is_asked_in_greek(browser: Browser, cast: Cast) -> None:
    token = _question(cast)
    with database.transaction() as db:
        person = db.get_one(Person, cast.sam.person.id)
        person.language = "el"
        db.add(person)
    browser.open(f"/v/{token}")
    assert "Ναι, είναι η διεύθυνσή μου" in browser.open("/address").text
