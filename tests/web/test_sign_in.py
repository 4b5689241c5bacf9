"""The sign-in page: who gets in, where they land, and what everybody else reads."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlmodel import select

from core import database
from core.config import settings
from core.models import AccountRole, AuditEntry, SignInSession
from core.rules import password_hash
from core.web import cookies
from tests.cast import Cast
from tests.conftest import Clock
from tests.web import browsing
from tests.web.browsing import Browser


def _sessions() -> list[SignInSession]:
    with database.reading() as db:
        return list(db.exec(select(SignInSession)))


def test_r34_the_session_is_a_reference_in_a_cookie_that_no_script_reads(browser: Browser, cast: Cast) -> None:
    answer = browser.sign_in(browsing.give_password(cast.sam.account))
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("sid="))
    token = browser.cookies["sid"]
    assert len(token) >= 43  # 256 bits
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie and "Max-Age" not in cookie
    (session,) = _sessions()
    assert token not in (session.id, session.token_hash)


def test_r34_with_https_cookies_are_tied_to_this_host(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_PUBLIC_BASE_URL", "https://keys.school.example")
    settings.cache_clear()
    username = browsing.give_password(cast.sam.account)
    with browsing.browser() as browser:
        answer = browser.sign_in(username)
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("__Host-sid="))
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Secure"} <= set(cookie.split("; "))
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_everybody_lands_where_they_belong(browser: Browser, cast: Cast) -> None:
    for member, target in ((cast.ada, "/"), (cast.tom, "/"), (cast.sam, "/me"), (cast.gina, "/me")):
        answer = browser.sign_in(browsing.give_password(member.account))
        assert (answer.status_code, answer.headers["location"]) == (303, target)
        browser.client.cookies.clear()


def test_staff_go_on_to_the_page_they_asked_for_and_students_never_do(browser: Browser, cast: Cast) -> None:
    ada, sam = browsing.give_password(cast.ada.account), browsing.give_password(cast.sam.account)
    wanted = f"/sign-in?next={quote('/accounts?state=invited')}"
    assert browser.sign_in(ada, path=wanted).headers["location"] == "/accounts?state=invited"
    assert browser.open(wanted).headers["location"] == "/accounts?state=invited"
    browser.client.cookies.clear()
    assert browser.sign_in(sam, path=wanted).headers["location"] == "/me"
    assert browser.open("/students").headers["location"] == "/me"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/a\r\nX: y",
        "javascript:alert(1)",
        "/\t/e",
        "/a\\b",
    ],
)
def test_next_leads_to_no_other_site(browser: Browser, cast: Cast, target: str) -> None:
    answer = browser.sign_in(browsing.give_password(cast.ada.account), path=f"/sign-in?next={quote(target)}")
    assert answer.headers["location"] == "/"


def test_r22_every_failure_reads_the_same(browser: Browser, cast: Cast) -> None:
    sam = browsing.give_password(cast.sam.account)
    pages = set()
    for username, password in ((sam, "wrong wrong wrong"), ("nobody.at.all", "x"), (cast.max.account.username, "")):
        answer = browser.sign_in(username, password)
        assert answer.status_code == 403
        pages.add(answer.text.replace(username, "…"))
    assert len(pages) == 1
    with database.reading() as db:
        assert len(db.exec(select(AuditEntry).where(AuditEntry.action == "sign_in.refused")).all()) == 3


@pytest.mark.parametrize("username", ["", " ", "a\x00b", "x" * 5000, "';--", "\u202esam", "😀", "%00"])
def test_odd_usernames_are_wrong_ones(browser: Browser, cast: Cast, username: str) -> None:
    answer = browser.sign_in(username, "whatever it may be")
    assert answer.status_code == 403
    assert "is not right" in answer.text


def test_the_username_may_be_typed_in_any_case_and_the_password_not(browser: Browser, cast: Cast) -> None:
    sam = browsing.give_password(cast.sam.account)
    assert browser.sign_in(sam, browsing.PASSWORD.upper()).status_code == 403
    assert browser.sign_in(f" {sam.upper()} ").status_code == 303


def test_without_a_role_today_the_page_says_so_in_words(browser: Browser, cast: Cast) -> None:
    sam = browsing.give_password(cast.sam.account)
    with database.transaction() as db:
        for role in db.exec(select(AccountRole).where(AccountRole.account_id == cast.sam.account.id)):
            role.role = "student"
            role.starts_on = role.ends_on = browsing.stored(cast.sam.account).created_at.date().replace(year=2020)
    answer = browser.sign_in(sam)
    assert answer.status_code == 403
    assert "has no role in this school year" in answer.text
    assert _sessions() == []


def test_r35_signing_in_again_makes_a_new_session_and_ends_the_old(browser: Browser, cast: Cast) -> None:
    sam = browsing.give_password(cast.sam.account)
    browser.open("/sign-in")
    form = browser.form_token
    browser.carry("sid", "fixed-by-somebody-else")
    fields = {"username": sam, "password": browsing.PASSWORD, "form_token": form}
    browser.send("/sign-in", fields)
    first = browser.cookies["sid"]
    assert first != "fixed-by-somebody-else"
    browser.send("/sign-in", fields)
    assert browser.cookies["sid"] != first
    assert sorted(session.ended_at is None for session in _sessions()) == [False, True]


def test_r38_signing_out_ends_the_session_on_the_server(browser: Browser, cast: Cast) -> None:
    browser.sign_in(browsing.give_password(cast.sam.account))
    browser.open("/me")
    token = browser.cookies["sid"]
    answer = browser.send("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert '"storage"' in answer.headers["clear-site-data"]
    assert "sid" not in browser.cookies
    browser.carry("sid", token)
    assert browser.open("/me").headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:1"},
    ],
)
def test_r40_a_form_of_another_site_is_refused(browser: Browser, cast: Cast, headers: dict[str, str]) -> None:
    username = browsing.give_password(cast.sam.account)
    browser.open("/sign-in")
    fields = {"username": username, "password": browsing.PASSWORD}
    assert browser.send("/sign-in", fields, **headers).status_code == 403
    assert _sessions() == []
    assert browser.sign_in(username).status_code == 303
    browser.open("/me")
    for path in ("/sign-out", "/me/password", "/me/language"):
        assert browser.send(path, {"language": "el"}, **headers).status_code == 403
    assert browser.open("/me").status_code == 200


def test_r40_a_form_needs_the_token_of_this_browser(browser: Browser, cast: Cast) -> None:
    fields = {"username": browsing.give_password(cast.sam.account), "password": browsing.PASSWORD}
    browser.open("/sign-in")
    for token in ("", "0" * 32, "é"):
        assert browser.send("/sign-in", fields | {"form_token": token}).status_code == 403
    shown = browser.form_token
    browser.client.cookies.clear()
    assert browser.send("/sign-in", fields | {"form_token": shown}).status_code == 403


def test_r40_an_old_browser_that_tells_only_its_origin_is_served(browser: Browser, cast: Cast) -> None:
    username = browsing.give_password(cast.sam.account)
    browser.open("/sign-in")
    form = {"form_token": browser.form_token, "username": username, "password": browsing.PASSWORD}
    assert browser.client.post("/sign-in", data=form).status_code == 403
    assert browser.client.post("/sign-in", data=form, headers={"Origin": settings().base_url}).status_code == 303


def test_t19_a_flood_in_a_form_is_not_read_to_its_end(browser: Browser, cast: Cast) -> None:
    browser.open("/sign-in")
    assert browser.send("/sign-in", {"username": "x" * 20_000}).status_code == 422
    assert browser.send("/sign-in", {f"f{number}": "" for number in range(50)}).status_code == 422
    sent = {"Origin": settings().base_url, "Content-Type": "application/x-www-form-urlencoded"}
    assert browser.client.post("/sign-in", content=b"username=\xff\xfe", headers=sent).status_code in (403, 422)


def test_r05_an_old_hash_is_made_anew_when_its_owner_comes(
    browser: Browser, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    weaker = password_hash.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(browsing.PASSWORD)
    with database.transaction() as db:
        db.get_one(type(cast.sam.account), cast.sam.account.id).password_hash = weaker
    assert browser.sign_in(cast.sam.account.username).status_code == 303
    assert "m=19456" in browsing.stored(cast.sam.account).password_hash
    browser.client.cookies.clear()
    assert browser.sign_in(cast.sam.account.username).status_code == 303


def test_r08_wrong_tries_make_the_right_password_wait(browser: Browser, cast: Cast, clock: Clock) -> None:
    sam = browsing.give_password(cast.sam.account)
    for _try in range(5):
        browser.sign_in(sam, "not this one at all")
    waiting = browser.sign_in(sam)
    assert waiting.status_code == 403
    clock.forward(seconds=31)
    assert browser.sign_in(sam).status_code == 303
    assert browsing.stored(cast.sam.account).failed_sign_ins == 0


def test_r36_a_session_ends_when_nobody_uses_it(browser: Browser, cast: Cast, clock: Clock) -> None:
    browser.sign_in(browsing.give_password(cast.sam.account))
    for _visit in range(3):
        clock.forward(minutes=29)
        assert browser.open("/me").status_code == 200
    clock.forward(minutes=31)
    assert browser.open("/me").headers["location"] == "/sign-in?next=/me"


def test_r36_a_session_ends_after_its_longest_time_however_much_it_is_used(
    browser: Browser, cast: Cast, clock: Clock
) -> None:
    browser.sign_in(browsing.give_password(cast.sam.account))
    for _visit in range(12 * 3 - 1):
        clock.forward(minutes=20)
        assert browser.open("/me").status_code == 200
    clock.forward(minutes=20)
    assert browser.open("/me").status_code == 303


def test_somebody_signed_in_is_not_asked_again(browser: Browser, cast: Cast) -> None:
    browser.sign_in(browsing.give_password(cast.gina.account))
    assert browser.open("/sign-in").headers["location"] == "/me"


def test_the_cookie_of_the_page_before_signing_in_says_nothing_about_anybody(browser: Browser) -> None:
    browser.open("/sign-in")
    assert set(browser.cookies) == {cookies.form_name()}


def test_a_reload_after_a_wrong_password_still_knows_where_one_wanted_to_go(browser: Browser, cast: Cast) -> None:
    browser.open("/sign-in?next=/students%3Fstate%3Dready")
    fields = {"username": "a password by mistake", "password": "wrong", "next": browser.hidden("next")}
    assert browser.send("/sign-in", fields).status_code == 403
    here = browser.found('data-here="')
    assert "mistake" not in here, "addresses are kept by browsers and proxies"
    browser.open(here)
    assert browser.hidden("next") == "/students?state=ready"
