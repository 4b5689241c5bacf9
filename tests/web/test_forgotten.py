"""The page for a forgotten password: one answer for all, steps in their order, limits on every mail."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import database
from core.delivery import engine
from core.models import Account, AuditEntry, Campaign, MessageAccount, Purpose
from core.permissions import visitor
from core.services import activation, invitations, sign_in, wordings
from core.tables import candidates
from core.web import patience
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.web import browsing
from tests.web.browsing import PASSWORD, Browser

NEW = "seven lanterns by the quarry"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the engine was asked to answer; it stands still meanwhile."""
    found: list[int] = []
    monkeypatch.setattr(engine, "is_up", lambda: True)
    monkeypatch.setattr(engine, "recover", found.append)
    monkeypatch.setattr(engine, "start", lambda *_ids: None)
    return found


def _reset_link(member: Member) -> str:
    with database.transaction() as db:
        issued = invitations.issue(
            db, Purpose.RESET, account_id=member.account.id or 0, channel="email", address="x@mail.example", days=7
        )
    return issued.token


def _told(kind: str) -> list[int]:
    with database.reading() as db:
        query = select(MessageAccount.account_id).join(Campaign, col(Campaign.id) == MessageAccount.campaign_id)
        return list(db.exec(query.where(Campaign.kind == kind)))


def test_r22_the_answer_is_the_same_for_known_unknown_and_garbage(
    browser: Browser, cast: Cast, asked: list[int]
) -> None:
    browsing.give_password(cast.sam.account)
    answers = set()
    for username in (cast.sam.account.username, "nobody.at.all", "", "a\x00b", "x" * 5000, cast.olga.account.username):
        browser.open("/forgotten")
        answer = browser.send("/forgotten", {"username": username, "email": "thief@evil.example", "mobile": "+3069"})
        answers.add((answer.status_code, answer.text))
    assert len(answers) == 1
    assert asked == [cast.sam.account.id, 0, 0, 0, 0, cast.olga.account.id]
    with database.reading() as db:
        assert {entry.action for entry in db.exec(select(AuditEntry))} == {"recovery.asked"}


def test_r20_r24_many_behind_one_address_wait_and_nobody_is_refused_whatever_the_name(
    browser: Browser, cast: Cast, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(patience.anyio, "sleep", sleep)
    browser.open("/forgotten")
    form = browser.form_token
    names = [cast.sam.account.username if number % 2 else f"nobody.{number}" for number in range(40)]
    answers = [browser.send("/forgotten", {"username": name, "form_token": form}) for name in names]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert waits == [5.0] * 10  # the thirty first not at all
    assert asked == [cast.sam.account.id if number % 2 else 0 for number in range(40)]
    browser.open("/invitation")  # the other page that sends mail
    assert browser.send("/invitation/new-link").status_code == 200
    assert waits == [5.0] * 11


def test_r24_no_step_can_be_left_out(browser: Browser, cast: Cast) -> None:
    browser.open("/forgotten")
    for fields in ({"password": NEW}, {"password": NEW, "username": cast.sam.account.username, "token": "0" * 26}):
        answer = browser.send("/invitation", {"form_token": browser.form_token, **fields})
        assert answer.status_code == 410
    assert browsing.stored(cast.sam.account).password_hash == ""


def test_r15_r17_a_new_password_ends_all_sessions_opens_none_and_is_told(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    sam = browsing.give_password(cast.sam.account)
    with browsing.browser() as other:
        other.sign_in(sam)
        browser.open(f"/i/{_reset_link(cast.sam)}")
        page = browser.open("/invitation").text
        assert "Choose a new password" in page and "your key" not in page
        answer = browser.send("/invitation", {"password": NEW, "again": NEW})
        assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")
        assert "sid" not in browser.cookies
        assert other.open("/me").status_code == 303
    assert browser.sign_in(sam, PASSWORD).status_code == 403
    assert browser.sign_in(sam, NEW).status_code == 303
    assert _told("password_changed") == [cast.sam.account.id]


def test_r10b_whoever_changes_their_password_is_told_by_mail(browser: Browser, cast: Cast) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    browser.sign_in(browsing.give_password(cast.gina.account))
    browser.open("/me")
    assert browser.send("/me/password", {"current": "wrong", "password": NEW}).status_code == 422
    assert _told("password_changed") == []
    browser.open("/me")
    assert browser.send("/me/password", {"current": PASSWORD, "password": NEW}).status_code == 303
    assert _told("password_changed") == [cast.gina.account.id]


def test_a_dead_link_of_a_forgotten_password_leads_to_a_new_one(browser: Browser, cast: Cast, clock: Clock) -> None:
    browsing.give_password(cast.sam.account)
    browser.open(f"/i/{_reset_link(cast.sam)}")
    clock.forward(hours=1, seconds=1)
    answer = browser.open("/invitation")
    assert answer.status_code == 410
    assert f'href="/forgotten?username={cast.sam.account.username}"' in answer.text


def test_r12_a_reset_link_is_no_other_kind_of_link(cast: Cast) -> None:
    token = _reset_link(cast.sam)
    with database.reading() as db:
        assert activation.look_up(db, visitor(), token=token).is_reset
        assert not candidates.named(db, username=cast.sam.account.username).knows_initial(token)
    with browsing.browser() as browser:
        browser.open(f"/v/{token}")
        assert browser.open("/address").status_code == 410


def test_r09_a_fresh_link_is_not_held_up_by_an_attack(browser: Browser, cast: Cast, clock: Clock) -> None:
    sam = browsing.give_password(cast.sam.account)
    with database.transaction() as db:
        which = col(Account.id) == cast.sam.account.id
        db.execute(sa.update(Account).where(which).values(suspended_at=clock.now, failed_sign_ins=100))
    browser.open(f"/i/{_reset_link(cast.sam)}")
    browser.open("/invitation")
    browser.send("/invitation", {"password": NEW, "again": NEW})
    assert browser.sign_in(sam, NEW).status_code == 303


def test_r39_own_sessions_are_seen_and_ended_on_my_account(browser: Browser, cast: Cast, clock: Clock) -> None:
    sam = browsing.give_password(cast.sam.account)
    with browsing.browser(**{"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}) as lost:
        lost.sign_in(sam)
        clock.forward(minutes=1)
        browser.sign_in(sam)
        page = browser.open("/me").text
        assert "Firefox · Windows" in page
        place = browser.hidden("place")
        for fields in ({"place": place, "form_token": "0" * 32}, {"place": "made-up"}):
            browser.send("/me/sessions", fields | {"form_token": fields.get("form_token", browser.form_token)})
            assert lost.open("/me").status_code == 200
        browser.open("/me")
        answer = browser.send("/me/sessions", {"place": place})
        assert (answer.status_code, answer.headers["location"]) == (303, "/me?saved=sessions")
        assert lost.open("/me").status_code == 303
    assert "Signed out there" in browser.open("/me?saved=sessions").text


def test_r39_whoever_comes_back_is_seen_to_use_this_browser_now(browser: Browser, cast: Cast, clock: Clock) -> None:
    browser.sign_in(browsing.give_password(cast.sam.account))
    before = _last_used(browser)
    clock.forward(minutes=12)
    after = _last_used(browser)
    assert before != after
    assert _last_used(browser) == after


def _last_used(browser: Browser) -> str:
    [said] = re.findall(r"Last used on ([^<]+)", browser.open("/me").text)
    return said


def test_r39_all_other_sessions_end_at_once(browser: Browser, cast: Cast, clock: Clock) -> None:
    sam = browsing.give_password(cast.sam.account)
    with browsing.browser() as one, browsing.browser() as two:
        for other in (one, two):
            other.sign_in(sam)
        browser.sign_in(sam)
        browser.open("/me")
        browser.send("/me/sessions", {"place": "others"})
        assert [each.open("/me").status_code for each in (one, two, browser)] == [303, 303, 200]


def test_r35_nobody_signs_in_by_a_link_alone(cast: Cast) -> None:
    with database.reading() as db:
        candidate = candidates.named(db, username=cast.sam.account.username)
    with database.transaction() as db:
        assert sign_in.open(db, visitor(), candidate=candidate, fits=False, trusted=True) is None
