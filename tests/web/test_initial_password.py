"""An initial password at the sign-in page: it opens the page to choose one's own, and nothing else."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from core import database
from core.models import (
    AcademicPeriod,
    Account,
    AccountRole,
    AuditEntry,
    Campaign,
    Invitation,
    MessageAccount,
    Person,
    SignInSession,
)
from core.permissions import Actor
from core.rules import password_hash
from core.services import initial_passwords, wordings
from tests.cast import Cast, Member
from tests.conftest import Clock
from tests.web import browsing
from tests.web.browsing import Browser

CHOOSE = "/sign-in/new-password"
OWN = "lantern meadow under seven bridges"


def _issued(actor: Actor, member: Member) -> str:
    with database.transaction() as db:
        initial_passwords.issue(db, actor, account_id=member.account.id, expected=1)
        revealed = initial_passwords.reveal(db, actor, account_id=member.account.id or 0)
    assert revealed
    return revealed.password


def _choose(browser: Browser, password: str = OWN, again: str | None = None) -> tuple[int, str]:
    browser.open(CHOOSE)
    answer = browser.send(CHOOSE, {"password": password, "again": password if again is None else again})
    return answer.status_code, answer.headers.get("location", "")


def _sessions() -> list[SignInSession]:
    with database.reading() as db:
        return list(db.exec(select(SignInSession)))


def _must_change(member: Member) -> str:
    username = browsing.give_password(member.account)
    with database.transaction() as db:
        db.get_one(Account, member.account.id).must_change_password = True
    return username


def test_of_two_slips_in_one_browser_no_password_goes_to_the_other_person(browser: Browser, cast: Cast) -> None:
    first, second = (_issued(cast.olga.actor, member) for member in (cast.sam, cast.max))
    browser.sign_in(cast.sam.account.username, first)
    browser.open(CHOOSE)
    of_sam = browser.form_token
    browser.sign_in(cast.max.account.username, second)
    browser.open(CHOOSE)
    answer = browser.send(CHOOSE, {"password": OWN, "again": OWN, "form_token": of_sam})
    assert answer.status_code == 403 and "Nothing was changed" in answer.text
    assert not any(browsing.stored(member.account).password_hash for member in (cast.sam, cast.max))
    assert _choose(browser)[0] == 303
    assert browsing.stored(cast.max.account).password_hash


def test_r21_an_initial_password_opens_only_the_page_to_choose_ones_own(browser: Browser, cast: Cast) -> None:
    answer = browser.sign_in(cast.sam.account.username, _issued(cast.olga.actor, cast.sam))
    assert (answer.status_code, answer.headers["location"]) == (303, CHOOSE)
    assert "sid" not in browser.cookies and _sessions() == []
    assert browser.open("/me").headers["location"].startswith("/sign-in")
    page = browser.open(CHOOSE)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    assert "Hello Sam" in page.text and f'value="{cast.sam.account.username}"' in page.text
    assert _choose(browser) == (303, f"/sign-in?username={cast.sam.account.username}&saved=password&reads=en")
    assert _sessions() == []
    assert browser.sign_in(cast.sam.account.username, OWN).headers["location"] == "/me"


def test_r05_whoever_types_the_right_initial_password_waits_for_no_hash_and_everybody_else_does(
    browser: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fits = password_hash.fits
    monkeypatch.setattr(password_hash, "fits", lambda stored, typed: asked.append(typed) or fits(stored, typed))
    sam, right = cast.sam.account.username, _issued(cast.olga.actor, cast.sam)
    assert browser.sign_in(sam, right).headers["location"] == CHOOSE
    assert not asked
    for name, typed in ((sam, "wrong"), ("nobody", "wrong"), ("nobody", right), (cast.gina.account.username, right)):
        browser.sign_in(name, typed)
    assert asked == ["wrong", "wrong", right, right]


@pytest.mark.parametrize("typed", [str.lower, lambda text: text.replace("-", ""), lambda text: f" {text} "])
def test_r21_case_dashes_and_spaces_do_not_matter(browser: Browser, cast: Cast, typed: object) -> None:
    password = _issued(cast.olga.actor, cast.sam)
    assert callable(typed)
    assert browser.sign_in(cast.sam.account.username, typed(password)).headers["location"] == CHOOSE


def test_r07_it_works_once_and_never_becomes_the_lasting_one(browser: Browser, cast: Cast) -> None:
    password = _issued(cast.olga.actor, cast.sam)
    browser.sign_in(cast.sam.account.username, password)
    for same in (password, password.lower(), password.replace("-", "")):
        assert _choose(browser, same)[0] == 422
    assert _choose(browser)[0] == 303
    assert browser.sign_in(cast.sam.account.username, password).status_code == 403
    account = browsing.stored(cast.sam.account)
    assert account.verified_at and account.password_hash.startswith("$argon2")
    with database.reading() as db:
        assert db.exec(select(Invitation)).one().used_at
        assert "initial_password.used" in list(db.exec(select(AuditEntry.action)))


def test_a_closed_browser_locks_nobody_out(browser: Browser, cast: Cast, clock: Clock) -> None:
    password = _issued(cast.olga.actor, cast.sam)
    for _visit in range(3):
        browser.sign_in(cast.sam.account.username, password)
        browser.client.cookies.clear()
        clock.forward(hours=1)
    browser.sign_in(cast.sam.account.username, password)
    assert _choose(browser)[0] == 303


def test_r22_every_wrong_one_reads_the_same_and_counts(browser: Browser, cast: Cast) -> None:
    password = _issued(cast.olga.actor, cast.sam)
    ended = _issued(cast.olga.actor, cast.max)
    _issued(cast.olga.actor, cast.max)
    username, pages = cast.sam.account.username, set()
    for name, typed in (
        (username, "0000-0000-0000-0000"),
        (username, password[:-1]),
        (cast.max.account.username, password),
        (cast.max.account.username, ended),
        (cast.otto.account.username, password),
        ("nobody.at.all", password),
        (username, "x" * 256),
    ):
        answer = browser.sign_in(name, typed)
        assert answer.status_code == 403
        pages.add(answer.text.replace(name, "…"))
    assert len(pages) == 1 and "choice" not in browser.cookies
    assert browsing.stored(cast.sam.account).failed_sign_ins == 3


def test_r21_wrong_tries_make_the_right_one_wait(browser: Browser, cast: Cast, clock: Clock) -> None:
    password = _issued(cast.olga.actor, cast.sam)
    for _try in range(5):
        browser.sign_in(cast.sam.account.username, "0000-0000-0000-0000")
    assert browser.sign_in(cast.sam.account.username, password).status_code == 403
    clock.forward(seconds=31)
    assert browser.sign_in(cast.sam.account.username, password).headers["location"] == CHOOSE


@pytest.mark.parametrize("change", ["ended", "deactivated", "replaced", "chosen", "converted"])
def test_r21_a_dead_one_opens_nothing_and_takes_its_ticket_along(
    browser: Browser, cast: Cast, clock: Clock, change: str
) -> None:
    password = _issued(cast.olga.actor, cast.sam)
    browser.sign_in(cast.sam.account.username, password)
    if change == "ended":
        clock.forward(days=21)
    elif change == "replaced":
        _issued(cast.olga.actor, cast.sam)
    elif change == "chosen":
        browsing.give_password(cast.sam.account)
    else:
        closed = {"deactivated_at": clock.now} if change == "deactivated" else {"sign_in_method": "microsoft"}
        with database.transaction() as db:
            db.get_one(Account, cast.sam.account.id).sqlmodel_update(closed)
    assert browser.open(CHOOSE).headers["location"] == "/sign-in"
    assert browser.sign_in(cast.sam.account.username, password).status_code == 403


def test_r24_the_second_step_without_the_first_begins_again(browser: Browser, cast: Cast) -> None:
    _issued(cast.olga.actor, cast.sam)
    browser.open("/sign-in")
    for ticket in ("", "none", f"{cast.sam.account.id}.1.99999999999.{'0' * 64}", "1.2.3", "é.1.1.x", "9" * 500):
        if ticket:
            browser.client.cookies.clear()
            browser.open("/sign-in")
            browser.client.cookies.set("choice", ticket.encode("ascii", "ignore").decode(), domain="localhost.local")
        assert browser.open(CHOOSE).headers["location"] == "/sign-in"
        browser.open("/sign-in")
        assert browser.send(CHOOSE, {"password": OWN, "again": OWN}).headers["location"] == "/sign-in"
    assert browsing.stored(cast.sam.account).password_hash == ""


def test_a_ticket_ends_after_half_an_hour(browser: Browser, cast: Cast, clock: Clock) -> None:
    browser.sign_in(cast.sam.account.username, _issued(cast.olga.actor, cast.sam))
    clock.forward(minutes=29)
    assert browser.open(CHOOSE).status_code == 200
    clock.forward(minutes=1)
    assert browser.open(CHOOSE).headers["location"] == "/sign-in"


def test_r10b_whoever_had_to_change_their_password_is_told_by_mail_and_whoever_chose_a_first_one_is_not(
    browser: Browser, cast: Cast
) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    browser.sign_in(cast.gina.account.username, _issued(cast.olga.actor, cast.gina))
    assert _choose(browser)[0] == 303
    browser.sign_in(_must_change(cast.sam))
    assert _choose(browser)[0] == 303
    with database.reading() as db:
        told = select(MessageAccount.account_id).join(Campaign, col(Campaign.id) == MessageAccount.campaign_id)
        assert list(db.exec(told.where(Campaign.kind == "password_changed"))) == [cast.sam.account.id]


def test_a_ticket_ends_when_the_password_need_not_change_any_more(browser: Browser, cast: Cast) -> None:
    browser.sign_in(_must_change(cast.sam))
    assert browser.open(CHOOSE).status_code == 200
    with database.transaction() as db:
        db.get_one(Account, cast.sam.account.id).must_change_password = False
    assert _choose(browser) == (303, "/sign-in")
    assert browsing.stored(cast.sam.account).password_hash == browsing.HASH


def test_it_speaks_greek_and_needs_no_script(browser: Browser, cast: Cast) -> None:
    with database.transaction() as db:
        db.get_one(Person, cast.gina.person.id).language = "el"
    browser.sign_in(cast.gina.account.username, _issued(cast.olga.actor, cast.gina))
    page = browser.open(CHOOSE).text
    assert 'lang="el"' in page and "Ο αρχικός κωδικός είναι σωστός" in page and 'name="again"' in page
    assert _choose(browser, OWN, "something else")[0] == 422
    assert "Οι δύο κωδικοί δεν είναι ίδιοι" in browser.page
    assert _choose(browser, "kort")[0] == 422


def test_a_password_that_must_change_opens_nothing_until_it_has(browser: Browser, cast: Cast) -> None:
    other = browsing.give_password(cast.ada.account)
    assert browser.sign_in(other).headers["location"] == "/"
    browser.client.cookies.clear()
    username = _must_change(cast.ada)
    answer = browser.sign_in(username)
    assert answer.headers["location"] == CHOOSE and "sid" not in browser.cookies
    assert "asks you to choose a new password" in browser.open(CHOOSE).text
    assert browser.open("/me").headers["location"].startswith("/sign-in")
    assert _choose(browser, browsing.PASSWORD)[0] == 422
    assert "the password you have now" in browser.page
    assert _choose(browser)[0] == 303
    assert not browsing.stored(cast.ada.account).must_change_password
    assert [session.ended_at is None for session in _sessions()] == [False]
    assert browser.sign_in(username, OWN).headers["location"] == "/"


def test_a_wrong_password_says_nothing_of_the_change(browser: Browser, cast: Cast) -> None:
    username = _must_change(cast.sam)
    assert browser.sign_in(username, "wrong wrong wrong wrong").status_code == 403
    assert "choice" not in browser.cookies


def test_a_role_of_another_period_opens_nothing_and_only_the_right_password_is_told(
    browser: Browser, cast: Cast
) -> None:
    username = browsing.give_password(cast.sam.account)
    with database.transaction() as db:
        old = AcademicPeriod(source_id="2025-2026", title="2025-2026")
        db.add(old)
        db.flush()
        db.exec(select(AccountRole).where(AccountRole.account_id == cast.sam.account.id)).one().period_id = old.id
    assert "has no role in this school year" in browser.sign_in(username).text
    assert "has no role" not in browser.sign_in(username, "wrong wrong wrong wrong").text
    with database.transaction() as db:
        role = db.exec(select(AccountRole).where(AccountRole.account_id == cast.sam.account.id)).one()
        role.period_id = cast.period.id
    assert browser.sign_in(username).headers["location"] == "/me"
