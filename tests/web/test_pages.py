"""All HTML pages: light, in two languages, inert with hostile names, under the right headers."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from babel.messages.pofile import read_po
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from core import database
from core.config import ROOT, settings
from core.logs import TextLines
from core.models import Person, SchoolSettings
from core.rules import words
from core.services import setup
from core.web import faults, forms, patience, portal, proof, routes, second_factor, sign_in
from core.web import setup as setup_page
from tests.cast import Cast
from tests.web import browsing
from tests.web.browsing import Browser

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "${jndi:ldap://x}",
    "O'Brien & Söhne",
    "=1+1",
    "%s%s%n",
    "![x](http://evil.example)",
    "\u202egnp.exe",
    "Ж" * 100,
)
WEB = ROOT / "core" / "web"


def _pages(browser: Browser, cast: Cast, language: str = "en") -> dict[str, str]:
    """Every page of ours, as its reader sees it."""
    with database.transaction() as db:
        link = setup.new_link(db).removeprefix(settings().base_url)
    pages = {}
    for name, path in {"sign_in": "/sign-in", "setup": link, "dead": "/invitation"}.items():
        pages[name] = browser.open(f"{path}?lang={language}").text
    browser.open(f"/i/{browsing.link_for(cast.sam.account)}")
    pages["invitation"] = browser.open("/invitation").text
    pages["refused"] = browser.send("/invitation", {"password": "short"}).text
    pages["new_link"] = browser.send("/invitation/new-link").text
    pages["wrong"] = browser.sign_in("nobody", "nothing").text
    browser.open("/forgotten?username=sam")
    pages["forgotten"] = browser.page
    pages["forgotten_sent"] = browser.send("/forgotten", {"username": "sam"}).text
    pages["expired"] = browser.send("/sign-in", {"form_token": "x"}).text
    browser.sign_in(browsing.give_password(cast.gina.account))
    pages["my_account"] = browser.open("/me").text
    return pages


def _whole_weight(browser: Browser, page: str) -> int:
    assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)
    return len(page.encode()) + sum(len(browser.open(asset).content) for asset in set(assets))


@pytest.mark.parametrize("language", ["en", "el"])
def test_every_page_with_style_and_script_weighs_less_than_30_kb(browser: Browser, cast: Cast, language: str) -> None:
    for name, page in _pages(browser, cast, language).items():
        assert f'<html lang="{language}">' in page, name
        assert _whole_weight(browser, page) < 30_000, name


def test_every_page_works_without_script_and_asks_nobody_else(browser: Browser, cast: Cast) -> None:
    for name, page in _pages(browser, cast).items():
        assert not re.search(r'(?:src|href|action)="(?!/|mailto:)', page), name
        assert not re.search(r"\son\w+=|style=|<style|javascript:", page), name
        assert all(re.match(r'<script src="/assets/', tag) for tag in re.findall(r"<script[^>]*>", page)), name
        assert '<meta name="robots" content="noindex">' in page, name
        assert 'name="viewport"' in page, name


def test_password_managers_find_their_fields(browser: Browser, cast: Cast) -> None:
    pages = _pages(browser, cast)
    for name, wanted in {
        "sign_in": ("username", "current-password"),
        "invitation": ("username", "new-password"),
        "setup": ("username", "new-password", "given-name", "family-name", "email"),
        "my_account": ("username", "current-password", "new-password"),
    }.items():
        assert set(wanted) <= set(re.findall(r'autocomplete="([^"]+)"', pages[name])), name


def test_every_field_has_a_label(browser: Browser, cast: Cast) -> None:
    for name, page in _pages(browser, cast).items():
        labelled = set(re.findall(r'<label for="([^"]+)"', page))
        fields = re.findall(r'<(?:input|select)(?![^>]*(?:type="hidden"|aria-hidden))[^>]*id="([^"]+)"', page)
        assert set(fields) <= labelled, name


@pytest.mark.parametrize("name", HOSTILE)
def test_t13_hostile_names_are_only_text(browser: Browser, cast: Cast, name: str) -> None:
    with database.transaction() as db:
        for member in (cast.sam, cast.gina):
            person = db.get_one(Person, member.person.id)
            person.first_name = person.last_name = name
        school = db.get_one(SchoolSettings, 1)
        school.school_name, school.help_contact = name, name
    for page in _pages(browser, cast).values():
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{" not in name or ("{{7*7}}" in page and ">49" not in page)
        assert not re.search(r'(?:src|href|action)="(?!/)', page)


def test_the_demo_says_so_on_every_page(browser: Browser, cast: Cast) -> None:
    with browsing.browser() as before:
        assert all("Demo school" not in page for page in _pages(before, cast).values())
    with database.transaction() as db:
        db.get_one(SchoolSettings, 1).is_demo = True
    for name, page in _pages(browser, cast).items():
        assert "Demo school: nothing leaves this machine" in page, name


def test_the_language_is_the_one_chosen_else_the_persons_else_the_browsers_else_the_schools(
    browser: Browser, cast: Cast
) -> None:
    assert '<html lang="en">' in browser.open("/sign-in").text
    assert '<html lang="el">' in browser.open("/sign-in", **{"Accept-Language": "fr, el-GR;q=0.8, en;q=0.5"}).text
    browser.open(f"/i/{browsing.link_for(cast.gina.account)}")
    assert '<html lang="el">' in browser.open("/invitation", **{"Accept-Language": "en"}).text
    page = browser.open("/invitation?lang=en").text
    assert '<html lang="en">' in page
    assert '<html lang="en">' in browser.open("/invitation").text
    assert browser.open("/sign-in?lang=zz").status_code == 200


def test_the_language_link_keeps_where_one_was_going(browser: Browser) -> None:
    page = browser.open("/sign-in?next=/students&username=sam").text
    assert 'href="/sign-in?next=%2Fstudents&amp;username=sam&amp;lang=el"' in page


def test_after_a_form_the_language_link_leads_to_a_page_that_exists(browser: Browser, cast: Cast) -> None:
    _pages(browser, cast)
    browser.sign_in(browsing.give_password(cast.sam.account))
    browser.open("/me")
    for answer in (browser.send("/me/password", {"current": "x", "password": "y"}), browser.open("/me")):
        assert 'href="/me?lang=el"' in answer.text


def test_every_sentence_has_its_greek(browser: Browser) -> None:
    with (WEB / "translations" / "el.po").open("rb") as file:
        greek = {str(message.id): str(message.string) for message in read_po(file, locale="el") if message.id}
    templates = "".join(path.read_text() for path in (WEB / "templates").glob("*.html"))
    said = set(re.findall(r"""\b_\((?:"([^"]+)"|'([^']+)')\)""", templates))
    wanted = {first or second for first, second in said} | set(words.OBJECTION.values())
    wanted |= {sign_in.WRONG, sign_in.NO_ROLE, forms.EXPIRED, forms.TOO_MUCH, portal.WRONG_CURRENT, setup_page.DEAD}
    wanted |= {patience.FULL}
    wanted |= {second_factor.WRONG, second_factor.WRONG_RECOVERY, second_factor.WRONG_FIRST, proof.WRONG}
    assert sorted(wanted - {text for text, translated in greek.items() if translated}) == []
    for text, translated in greek.items():
        assert text.count("%s") == translated.count("%s"), text
        assert text.count("|") == translated.count("|"), text


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in",
        "/invitation",
        "/i/x",
        "/me",
        "/setup/x",
        "/healthz",
        "/assets/pages.css",
        "/assets/no",
        "/x",
        "/files/x",
    ],
)
def test_r51_every_answer_carries_the_headers(browser: Browser, path: str) -> None:
    headers = browser.open(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] in ("same-origin", "no-referrer")
    policy = headers["content-security-policy"]
    for wanted in ("frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        assert wanted in policy
    assert "unsafe-eval" not in policy
    assert "server" not in headers


def test_r52_our_own_pages_allow_nothing_inline(browser: Browser) -> None:
    policy = browser.open("/sign-in").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy and "sha256" not in policy


def test_pages_are_kept_by_no_cache_and_assets_by_every_one(browser: Browser, cast: Cast) -> None:
    page = browser.open("/sign-in")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    for asset in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text):
        assert "immutable" in browser.open(asset).headers["cache-control"]
    assert "immutable" not in browser.open("/assets/pages.css").headers["cache-control"]
    assert "immutable" not in browser.open("/assets/pages.css?v=0").headers["cache-control"]
    for path in ("/assets/../pages.py", "/assets/%2e%2e/pages.py", "/assets/..%2fpages.py", "/assets//etc/passwd"):
        assert browser.open(path).status_code in (303, 404)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "localhost:8501@evil.example", "[::1"])
def test_t3_a_forged_host_gets_nothing(browser: Browser, cast: Cast, host: str) -> None:
    for path in ("/sign-in", "/invitation", "/students", "/healthz"):
        answer = browser.open(path, Host=host)
        assert answer.status_code == 421
        assert "Athena" not in answer.text


def test_t3_of_two_hosts_neither_is_ours(browser: Browser) -> None:
    ours = urlsplit(settings().base_url).netloc
    for hosts in ((ours, "evil.example"), ("evil.example", ours), (ours, ours)):
        assert browser.client.get("/sign-in", headers=[("Host", host) for host in hosts]).status_code == 421


def test_r18_forwarded_headers_move_no_link(browser: Browser, cast: Cast) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Original-URL": "/students"}
    for path in ("/sign-in", "/students", "/i/x"):
        answer = browser.open(path, **forged)
        assert "evil.example" not in answer.text + str(answer.headers)


def test_another_name_of_this_machine_is_sent_to_the_right_one(browser: Browser) -> None:
    answer = browser.open("/sign-in?next=/x", Host="127.0.0.1:8501")
    assert (answer.status_code, answer.headers["location"]) == (308, f"{settings().base_url}/sign-in?next=/x")
    assert answer.headers["cache-control"] == "no-store"
    assert browser.client.post("/sign-in", headers={"Host": "127.0.0.1:8501"}).status_code == 421
    assert browser.open("/sign-in", Host=urlsplit(settings().base_url).netloc.upper()).status_code == 200


@pytest.mark.parametrize(
    ("path", "known"),
    [("/files/students", "GET, HEAD, POST"), ("/sign-in", "GET, HEAD, POST"), ("/healthz", "GET, HEAD")],
)
def test_whoever_asks_in_an_unknown_way_is_told_the_known_ones(database: None, path: str, known: str) -> None:
    answer = TestClient(Starlette(routes=routes.ROUTES), base_url=settings().base_url).put(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, known)


def test_health_tells_about_the_parts_and_nothing_about_the_school(browser: Browser) -> None:
    answer = browser.open("/healthz", Host="127.0.0.1")
    assert answer.json() == {"ok": False, "database": "up", "delivery": "starting"}
    assert answer.status_code == 503


def _broken(error: Exception) -> TestClient:
    def fail(_request: Request) -> None:
        raise error

    site = Starlette(routes=[Route("/sign-in", fail)], middleware=browsing.MIDDLEWARE)
    return TestClient(site, base_url=settings().base_url)


def test_r49_a_fault_shows_a_reference_and_the_log_has_the_rest(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    answer = _broken(RuntimeError("postgresql://user:pass@db")).get("/sign-in")
    assert answer.status_code == 500
    found = re.search(r'class="username">([0-9A-F]{8})<', answer.text)
    assert found and found[1] in caplog.text
    for secret in ("postgresql", "RuntimeError", "Traceback", str(Path(__file__).parent)):
        assert secret not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_f5_a_busy_database_is_said_in_words_and_rows_stay_out_of_the_log(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(TextLines())
    error = sa.exc.OperationalError("SELECT", {}, Exception("database is locked: maria@mail.example"))
    answer = _broken(error).get("/sign-in")
    assert answer.status_code == 503
    assert "very busy just now" in answer.text
    assert "maria" not in caplog.text + answer.text


def test_without_a_database_there_is_still_a_sentence(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    settings.cache_clear()
    database.forget()
    with browsing.browser() as browser:
        answer = browser.open("/sign-in")
        assert (answer.status_code, answer.text) == (503, faults.BUSY)
        assert browser.open("/healthz").json()["database"] == "down"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/i/ABC", "/i/[redacted]"),
        ("/v/ABC", "/v/[redacted]"),
        ("/files/4f0c9aQd", "/files/[redacted]"),
        ("/files/preview/page/2", "/files/[redacted]"),
        ("/files/list-xlsx", "/files/list-xlsx"),
        ("/setup/x/y", "/setup/[redacted]"),
        ("/_stcore/upload_file/id/f", "/_stcore/upload_file/[redacted]"),
        ("/media/x\ny", "/media/[redacted]"),
        ("/me", "/me"),
    ],
)
def test_r43_addresses_with_secrets_are_redacted(path: str, kept: str) -> None:
    assert faults.redacted(path) == kept
