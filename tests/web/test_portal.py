"""*My account*: what people see of themselves and what they may change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from core import clock as core_clock
from core import database
from core.models import AuditEntry, Guardianship, Invitation, Person
from core.services import school
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.web import browsing
from tests.web.browsing import PASSWORD, Browser

NEW = "seven quiet lanterns at noon"


def _enter(browser: Browser, member: Member) -> Browser:
    browser.sign_in(browsing.give_password(member.account))
    browser.open("/me")
    return browser


def test_a_student_reads_their_own_data_and_nobody_elses(browser: Browser, cast: Cast) -> None:
    page = _enter(browser, cast.sam).page
    for expected in ("Sam Sideris", cast.sam.account.username, "Athena School", "7B"):
        assert expected in page
    for other in ("Max", "Otto", "Gina", "You answer for", "To the school"):
        assert other not in page


def test_a_guardian_reads_whom_they_answer_for_today(browser: Browser, cast: Cast) -> None:
    page = _enter(browser, cast.gina).page
    assert "Sam Sideris" in page and "Max Sideris" in page and "Otto" not in page
    with database.transaction() as db:
        tie = db.exec(select(Guardianship).where(Guardianship.student_id == cast.max.person.id)).one()
        tie.ends_on = core_clock.now().date() - timedelta(days=1)
    assert "Max" not in browser.open("/me").text


def test_staff_find_the_way_back_to_the_school(browser: Browser, cast: Cast) -> None:
    assert '<a class="button" href="/">To the school</a>' in _enter(browser, cast.tom).page


def test_without_a_session_my_account_leads_to_the_sign_in(browser: Browser) -> None:
    for path in ("/me", "/me?saved=password"):
        assert browser.open(path).headers["location"].startswith("/sign-in?next=/me")
    browser.open("/sign-in")
    assert browser.send("/me/password", {"password": NEW}).headers["location"].startswith("/sign-in")


def test_r10b_a_password_is_changed_with_the_current_one_and_other_browsers_are_out(
    browser: Browser, cast: Cast
) -> None:
    link = browsing.link_for(cast.sam.account)
    _enter(browser, cast.sam)
    with browsing.browser() as other:
        other.sign_in(cast.sam.account.username)
        assert browser.send("/me/password", {"current": PASSWORD, "password": NEW}).status_code == 303
        assert other.open("/me").status_code == 303
        other.open(f"/i/{link}")
        assert other.open("/invitation").status_code == 410
        assert other.sign_in(cast.sam.account.username).status_code == 403
        assert other.sign_in(cast.sam.account.username, NEW).status_code == 303
    assert "Your new password is saved" in browser.open("/me?saved=password").text
    with database.reading() as db:
        assert db.exec(select(AuditEntry).where(AuditEntry.action == "password.changed")).one()
        assert db.exec(select(Invitation)).one().superseded_because == "password_chosen"


def test_the_password_of_now_is_no_new_one(browser: Browser, cast: Cast) -> None:
    answer = _enter(browser, cast.sam).send("/me/password", {"current": PASSWORD, "password": PASSWORD})
    assert answer.status_code == 422 and "This is the password you have now" in answer.text
    assert browsing.stored(cast.sam.account).password_hash == browsing.HASH


def test_r10_while_guesses_are_held_up_a_right_one_is_not_told_from_a_wrong_one(browser: Browser, cast: Cast) -> None:
    """Whoever sits down at a page that was left open may try the same password as the present and as the new one."""
    _enter(browser, cast.sam)
    for _guess in range(10):
        browser.send("/me/password", {"current": "wrong", "password": NEW})
    guesses = [browser.send("/me/password", {"current": one, "password": one}) for one in (PASSWORD, NEW)]
    assert all("Your current password is not right, or was tried too often" in guess.text for guess in guesses)


def test_a_wrong_current_password_changes_nothing_and_counts(browser: Browser, cast: Cast, clock: Clock) -> None:
    _enter(browser, cast.sam)
    for number in range(1, 11):
        answer = browser.send("/me/password", {"current": "wrong", "password": NEW})
        assert answer.status_code == 422
        assert "Your current password is not right" in answer.text
        # The first five are those of a browser that the account knows; after them it knows it no more.
        assert browsing.stored(cast.sam.account).failed_sign_ins == max(0, number - 5)
    assert browser.send("/me/password", {"current": PASSWORD, "password": NEW}).status_code == 422
    assert browsing.stored(cast.sam.account).password_hash == browsing.HASH
    clock.forward(seconds=31)
    assert browser.send("/me/password", {"current": PASSWORD, "password": NEW}).status_code == 303


@pytest.mark.parametrize(("password", "said"), [("short", "too short"), ("samsideris 7B!!", "Others know your name")])
def test_a_poor_new_password_is_refused_with_the_reason(browser: Browser, cast: Cast, password: str, said: str) -> None:
    answer = _enter(browser, cast.sam).send("/me/password", {"current": PASSWORD, "password": password})
    assert answer.status_code == 422
    assert said in answer.text
    assert "<details open>" in answer.text


def test_r40_the_form_token_belongs_to_the_session(browser: Browser, cast: Cast) -> None:
    _enter(browser, cast.sam)
    with browsing.browser() as other:
        theirs = _enter(other, cast.max).form_token
    for token in ("", theirs, "é"):
        fields = {"form_token": token, "current": PASSWORD, "password": NEW}
        assert browser.send("/me/password", fields).status_code == 403
    assert browsing.stored(cast.sam.account).password_hash == browsing.HASH


def test_the_language_of_messages_is_chosen_and_the_page_follows(browser: Browser, cast: Cast) -> None:
    _enter(browser, cast.sam)
    assert browser.send("/me/language", {"language": "el"}).status_code == 303
    page = browser.open("/me?saved=language").text
    assert "Ο λογαριασμός μου" in page and '<html lang="el">' in page
    with database.reading() as db:
        assert db.get_one(Person, cast.sam.person.id).language == "el"
    assert browser.send("/me/language", {"language": "xx"}).status_code == 422


def test_a_microsoft_account_has_no_password_to_change_here(browser: Browser, cast: Cast) -> None:
    _enter(browser, cast.sam)
    with database.transaction() as db:
        db.get_one(type(cast.sam.account), cast.sam.account.id).sign_in_method = "microsoft"
    assert 'type="password"' not in browser.open("/me").text
    assert browser.send("/me/password", {"current": PASSWORD, "password": NEW}).status_code == 404


def test_a_deactivated_person_is_out_at_the_next_click(browser: Browser, cast: Cast, clock: Clock) -> None:
    _enter(browser, cast.sam)
    with database.transaction() as db:
        db.get_one(type(cast.sam.account), cast.sam.account.id).deactivated_at = clock.now
    assert browser.open("/me").status_code == 303


def test_the_portal_address_of_the_settings_is_a_button_once_somebody_is_in(browser: Browser, cast: Cast) -> None:
    assert "Go on to the portal" not in _enter(browser, cast.sam).page
    _settings(cast, portal_address="https://portal.school.example/start")
    page = browser.open("/me").text
    assert (
        '<a class="button" href="https://portal.school.example/start" rel="noreferrer">Go on to the portal</a>' in page
    )


def test_pages_are_offered_in_the_languages_of_the_settings_only(browser: Browser, cast: Cast) -> None:
    assert 'hreflang="el"' in browser.open("/sign-in").text
    _settings(cast, languages=["el"], default_language="el")
    page = browser.open("/sign-in?lang=en", **{"Accept-Language": "en"}).text
    assert '<html lang="el"' in page and "hreflang" not in page


def _settings(cast: Cast, **changes: object) -> None:
    with database.transaction() as db:
        school.change_settings(db, cast.ada.actor, changes=changes)
