"""Signing in with two factors, as a browser sees it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pyotp
import pytest
from sqlmodel import col, select

from core import database
from core.models import Account, AuditEntry, Campaign, CampaignKind, Message, SchoolSettings, SignInSession
from core.rules import recovery_codes
from core.services import wordings
from core.web import cookies
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.web import browsing
from tests.web.browsing import Browser

APP, CODE, RECOVERY, MINE = "/sign-in/app", "/sign-in/code", "/sign-in/recovery-code", "/me/second-factor"
STAFF_PATHS = ["/", "/students", "/_stcore/stream", "/me", MINE, "/files/list-csv"]


@pytest.fixture(autouse=True)
def _required(cast: Cast) -> None:
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).second_factor = True


def _seed(browser: Browser) -> str:
    found = re.search(r'class="seed">([A-Z2-7 ]+)<', browser.page)
    assert found
    return found[1].replace(" ", "")


def _enrol(browser: Browser, who: Member, clock: Clock) -> tuple[str, list[str]]:
    """Sign in for the first time and set up the app; gives its seed and the ten codes."""
    assert browser.sign_in(browsing.give_password(who.account)).headers["location"] == CODE
    assert browser.open(CODE).headers["location"] == APP
    browser.open(APP)
    seed = _seed(browser)
    answer = browser.send(APP, {"code": pyotp.TOTP(seed).at(clock.now)})
    assert answer.status_code == 200, answer.text
    clock.forward(minutes=1)
    return seed, re.findall(r"<code>([0-9A-Z-]{14})</code>", answer.text)


def _sign_out(browser: Browser) -> None:
    browser.client.cookies.delete(cookies.session_name())


def _has_session(browser: Browser) -> bool:
    return browser.open("/me").status_code == 200


@pytest.mark.both_databases
def test_r25_the_password_alone_opens_no_page(browser: Browser, cast: Cast, clock: Clock) -> None:
    answer = browser.sign_in(browsing.give_password(cast.ada.account))
    assert cookies.session_name() not in answer.headers.get("set-cookie", "")
    for path in STAFF_PATHS:
        assert browser.open(path).status_code != 200, path
    with database.reading() as db:
        assert db.exec(select(SignInSession)).first() is None


def test_r25_of_two_who_set_up_their_app_in_one_browser_nobody_gets_the_other_ones(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    for member in (cast.ada, cast.olga):
        browsing.give_password(member.account)
    browser.sign_in(cast.ada.account.username)
    browser.open(APP)
    code, of_ada = pyotp.TOTP(_seed(browser)).at(clock.now), browser.form_token
    browser.sign_in(cast.olga.account.username)
    answer = browser.send(APP, {"code": code, "form_token": of_ada})
    assert answer.status_code == 403 and "sign in again" in answer.text and 'class="seed"' not in answer.text
    assert not _has_session(browser)


@pytest.mark.both_databases
def test_r25_setting_up_the_app_opens_the_session_and_shows_the_codes_once(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    _seed_of_ada, codes = _enrol(browser, cast.ada, clock)
    assert len(codes) == recovery_codes.NUMBER and _has_session(browser)
    browser.open(MINE)
    assert not any(code in browser.page for code in codes)
    assert browser.open(APP).headers["location"] == "/sign-in"


@pytest.mark.both_databases
def test_r25_whoever_sets_up_an_app_is_told_by_mail(browser: Browser, cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    _enrol(browser, cast.ada, clock)
    with database.reading() as db:
        told = db.exec(
            select(Message.address)
            .join(Campaign, col(Campaign.id) == col(Message.campaign_id))
            .where(Campaign.kind == CampaignKind.SECOND_FACTOR_SET)
        ).all()
    assert told == [cast.ada.person.contact_email]


def test_r25_from_then_on_password_and_code_open_it(browser: Browser, cast: Cast, clock: Clock) -> None:
    seed, _codes = _enrol(browser, cast.ada, clock)
    _sign_out(browser)
    username = cast.ada.account.username
    assert browser.sign_in(username, path="/sign-in?next=/accounts").headers["location"] == CODE
    browser.open(CODE)
    answer = browser.send(CODE, {"code": "123"})
    assert answer.status_code == 403 and "not right" in answer.text and not _has_session(browser)
    browser.open(CODE)
    answer = browser.send(CODE, {"code": pyotp.TOTP(seed).at(clock.now)})
    assert answer.headers["location"] == "/accounts" and _has_session(browser)


def test_r25_recovery_leads_through_the_second_factor_too(browser: Browser, cast: Cast, clock: Clock) -> None:
    """A link by mail, like an initial password, gives a password and no session; the code is asked all the same."""
    _enrol(browser, cast.olga, clock)
    _sign_out(browser)
    browser.open(f"/i/{browsing.link_for(cast.olga.account)}")
    browser.open("/invitation")
    chosen = "quiet lantern under the bridge"
    assert browser.send("/invitation", {"password": chosen, "again": chosen}).status_code == 303
    assert not _has_session(browser)
    assert browser.sign_in(cast.olga.account.username, chosen).headers["location"] == CODE
    assert browser.open(APP).headers["location"] == CODE
    assert not _has_session(browser)


def test_r25_a_password_that_must_change_changes_after_the_code(browser: Browser, cast: Cast, clock: Clock) -> None:
    seed, _codes = _enrol(browser, cast.ada, clock)
    _sign_out(browser)
    with database.transaction() as db:
        db.get_one(Account, cast.ada.account.id).must_change_password = True
    assert browser.sign_in(cast.ada.account.username).headers["location"] == CODE
    assert browser.open("/sign-in/new-password").status_code == 303
    browser.open(CODE)
    answer = browser.send(CODE, {"code": pyotp.TOTP(seed).at(clock.now)})
    assert answer.headers["location"] == "/sign-in/new-password" and not _has_session(browser)


def test_r25_pupils_and_parents_are_not_asked(browser: Browser, cast: Cast) -> None:
    for member in (cast.sam, cast.gina):
        assert browser.sign_in(browsing.give_password(member.account)).headers["location"] == "/me"
        assert browser.open(MINE).status_code == 403
        browser.client.cookies.clear()


def test_r25_who_is_signed_in_when_the_school_switches_it_on_is_asked_at_the_next_sign_in(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).second_factor = False
    assert browser.sign_in(browsing.give_password(cast.ada.account)).headers["location"] == "/"
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).second_factor = True
    assert _has_session(browser)
    _sign_out(browser)
    assert browser.sign_in(cast.ada.account.username).headers["location"] == CODE


def test_r25_who_set_it_up_is_asked_even_where_the_school_does_not(browser: Browser, cast: Cast, clock: Clock) -> None:
    _enrol(browser, cast.ada, clock)
    _sign_out(browser)
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).second_factor = False
    assert browser.sign_in(cast.ada.account.username).headers["location"] == CODE


def test_r24_the_pages_of_the_second_factor_open_for_nobody_without_the_password(browser: Browser, cast: Cast) -> None:
    browser.open("/sign-in")
    for path in (APP, CODE, RECOVERY):
        assert browser.open(path).headers["location"] == "/sign-in"
        assert browser.send(path, {"code": "123456"}).headers["location"] == "/sign-in"
    browser.carry(cookies.step_name(), "x" * 43)
    assert browser.open(CODE).headers["location"] == "/sign-in"


def test_r27_a_recovery_code_enters_once_and_leads_to_a_new_phone(browser: Browser, cast: Cast, clock: Clock) -> None:
    _seed_of_ada, codes = _enrol(browser, cast.ada, clock)
    typed = codes[3].lower().replace("-", " ")
    for _round, right in ((1, True), (2, False)):
        _sign_out(browser)
        browser.sign_in(cast.ada.account.username)
        browser.open(RECOVERY)
        answer = browser.send(RECOVERY, {"code": typed})
        assert (answer.headers.get("location") == MINE) is right
    browser.sign_in(cast.ada.account.username)
    browser.open(RECOVERY)
    browser.send(RECOVERY, {"code": codes[4]})
    browser.open(MINE)
    assert "8 of 10" in browser.page


def test_another_phone_works_only_after_it_has_shown_its_code_and_ends_other_sessions(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    old, _codes = _enrol(browser, cast.ada, clock)
    before = browser.cookies[cookies.session_name()]
    browser.open(MINE)
    assert browser.send(f"{MINE}/app").headers["location"] == APP
    browser.open(APP)
    new = _seed(browser)
    assert new != old
    browser.send(APP, {"code": pyotp.TOTP(new).at(clock.now)})
    assert _has_session(browser) and browser.cookies[cookies.session_name()] != before
    clock.forward(minutes=1)
    _sign_out(browser)
    browser.sign_in(cast.ada.account.username)
    browser.open(CODE)
    assert browser.send(CODE, {"code": pyotp.TOTP(old).at(clock.now)}).status_code == 403
    assert browser.send(CODE, {"code": pyotp.TOTP(new).at(clock.now)}).status_code == 303


def test_r38_whoever_signs_out_while_setting_up_another_phone_leaves_no_way_in_behind(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    seed, _codes = _enrol(browser, cast.ada, clock)
    browser.open(MINE)
    browser.send(f"{MINE}/app")
    browser.open(APP)
    left = browser.cookies[cookies.step_name()]
    browser.open("/me")
    browser.send("/sign-out")
    assert cookies.step_name() not in browser.cookies
    browser.carry(cookies.step_name(), left)
    assert browser.open(APP).headers["location"] == "/sign-in"
    browser.sign_in(cast.ada.account.username)
    browser.open(CODE)
    assert browser.send(CODE, {"code": pyotp.TOTP(seed).at(clock.now)}).status_code == 303


def test_r31_an_old_sign_in_shows_its_code_again_before_codes_are_renewed(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    seed, codes = _enrol(browser, cast.ada, clock)
    clock.forward(minutes=11)
    browser.open(MINE)
    assert 'autocomplete="one-time-code"' in browser.page
    assert browser.send(f"{MINE}/codes", {"proof": "000000"}).status_code == 403
    answer = browser.send(f"{MINE}/codes", {"proof": pyotp.TOTP(seed).at(clock.now)})
    new = re.findall(r"<code>([0-9A-Z-]{14})</code>", answer.text)
    assert len(new) == 10 and not set(new) & set(codes)


def test_r35_the_session_begins_with_the_code_and_ends_the_one_before(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    seed, _codes = _enrol(browser, cast.ada, clock)
    first = browser.cookies[cookies.session_name()]
    _sign_out(browser)
    browser.sign_in(cast.ada.account.username)
    browser.open(CODE)
    browser.carry(cookies.session_name(), first)
    browser.send(CODE, {"code": pyotp.TOTP(seed).at(clock.now)})
    assert browser.cookies[cookies.session_name()] != first
    with database.reading() as db:
        ended = [session.ended_at is not None for session in db.exec(select(SignInSession))]
    assert sorted(ended) == [False, True]


def test_r40_signing_out_and_the_second_factor_need_the_token_of_the_session(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    _enrol(browser, cast.ada, clock)
    for path in ("/sign-out", f"{MINE}/app", f"{MINE}/codes"):
        assert browser.send(path, {"form_token": "0" * 32}).status_code == 403, path
    assert _has_session(browser)


def test_r40_codes_from_another_site_are_refused(browser: Browser, cast: Cast, clock: Clock) -> None:
    seed, _codes = _enrol(browser, cast.ada, clock)
    _sign_out(browser)
    browser.sign_in(cast.ada.account.username)
    browser.open(CODE)
    code = {"code": pyotp.TOTP(seed).at(clock.now)}
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert browser.send(CODE, code, **foreign).status_code == 403
    assert not _has_session(browser)


def test_r81_no_code_goes_by_text_message(browser: Browser, cast: Cast, clock: Clock) -> None:
    _enrol(browser, cast.ada, clock)
    _sign_out(browser)
    browser.sign_in(cast.ada.account.username)
    with database.reading() as db:
        assert "sms" not in set(db.exec(select(Message.channel)))
    for path in (CODE, RECOVERY):
        browser.open(path)
        assert "sms" not in browser.page.lower() and "text message" not in browser.page.lower()


def test_the_pages_are_small_and_need_no_script(browser: Browser, cast: Cast, clock: Clock) -> None:
    browser.sign_in(browsing.give_password(cast.ada.account))
    answers = [browser.open(APP)]
    seed = _seed(browser)
    answers.append(browser.send(APP, {"code": pyotp.TOTP(seed).at(clock.now)}))
    answers.append(browser.open(MINE))
    _sign_out(browser)
    browser.sign_in(cast.ada.account.username)
    answers += [browser.open(CODE), browser.open(RECOVERY)]
    style = len(browser.open("/assets/pages.css").content)
    for answer in answers:
        assert answer.status_code == 200 and len(answer.content) + style < 30_000
        assert "<script" not in answer.text and "no-store" in answer.headers["cache-control"]
    assert 'autocomplete="one-time-code"' in answers[3].text
    assert "<svg" in answers[0].text and f"secret={seed}" in unescape(answers[0].text)


def test_the_pages_speak_greek(browser: Browser, cast: Cast) -> None:
    browser.sign_in(browsing.give_password(cast.ada.account))
    assert "Προστάτεψε τον λογαριασμό σου" in browser.open(f"{APP}?lang=el").text


def test_wrong_codes_wait_and_say_until_when(browser: Browser, cast: Cast, clock: Clock) -> None:
    _enrol(browser, cast.ada, clock)
    _sign_out(browser)
    browser.sign_in(cast.ada.account.username)
    browser.open(CODE)
    for _try in range(5):
        answer = browser.send(CODE, {"code": "000000"})
    until = clock.now + timedelta(seconds=30)
    assert "too many wrong codes" in answer.text and f"{until:%d %b}".lstrip("0") in answer.text
    with database.reading() as db:
        refused = select(AuditEntry).where(AuditEntry.action == "second_factor.refused")
        assert len(db.exec(refused).all()) == 5


@pytest.mark.both_databases
def test_r09_staff_whose_account_strangers_suspended_come_in_with_their_app_on_their_own_device(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    seed, _codes = _enrol(browser, cast.ada, clock)
    _sign_out(browser)
    with database.transaction() as db:
        db.get_one(Account, cast.ada.account.id).suspended_at = clock.now
    assert browser.sign_in(cast.ada.account.username).headers["location"] == CODE
    browser.open(CODE)
    browser.send(CODE, {"code": pyotp.TOTP(seed).at(clock.now)})
    assert _has_session(browser)
