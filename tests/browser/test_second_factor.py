"""The second factor of a real school in a real browser: by QR at the first sign-in, once, from paper, and anew.

Olga's pages run without JavaScript, as they must.
"""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import pyotp
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core import config, database
from core.models import PersonKind
from core.permissions import Role
from tests import cast as make
from tests.browser import test_story as story
from tests.browser.staff import SLOW, settled
from tests.peers import firstkey
from tests.peers.firstkey import Server
from tests.web.browsing import HASH, PASSWORD

pytestmark = pytest.mark.browser


def test_r25_r26_r27_an_app_by_qr_a_code_once_a_code_from_paper_and_an_administrator_who_replaces_it(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with firstkey.running(tmp_path, demo="no") as server:
        size = {"width": 1440, "height": 1000}
        ada = chromium.new_context(viewport=size, base_url=server.url, reduced_motion="reduce").new_page()
        story._create_administrator(ada, server)
        account_id = _olga(server, monkeypatch)
        olga = chromium.new_context(base_url=server.url, java_script_enabled=False, device_scale_factor=2)
        app, codes = _sets_up(olga.new_page())
        _is_asked_and_each_code_counts_once(olga, app)
        _enters_with_paper(olga, codes)
        _is_replaced(ada, account_id)
        assert olga.request.get("/me", max_redirects=0).status == 303  # signed out everywhere
        renewed, _codes = _sets_up(olga.new_page())
        assert renewed.secret != app.secret
        database.forget()
        config.settings.cache_clear()


def _olga(server: Server, monkeypatch: pytest.MonkeyPatch) -> int:
    """A member of the office who has chosen a password and was never here."""
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", server.environment["FIRSTKEY_DATABASE_URL"])
    monkeypatch.delenv("FIRSTKEY_SECRET_KEY", raising=False)
    database.forget()
    config.settings.cache_clear()
    with database.transaction() as db:
        who = make.person(db, kind=PersonKind.STAFF, first_name="Olga", last_name="Orlova")
        account = make.account(db, person=who, username="olga", password_hash=HASH)
        make.role(db, account=account, role=Role.OFFICE)
        return account.id or 0


def _signs_in(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def _sets_up(page: Page) -> tuple[pyotp.TOTP, list[str]]:
    """With the camera of a phone: what it reads is what the screen shows."""
    _signs_in(page)
    expect(page.get_by_role("heading", name="Protect your account")).to_be_visible()
    seen = Image.open(io.BytesIO(page.locator("figure").screenshot()))
    (code,) = zxingcpp.read_barcodes(seen)
    app = pyotp.parse_uri(code.text)
    assert isinstance(app, pyotp.TOTP) and (app.name, app.issuer) == ("olga", "Athena School")
    assert len(app.byte_secret()) == 20
    page.get_by_label("Six digits from the app").fill("000000")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("The app shows another code")).to_be_visible()
    page.get_by_label("Six digits from the app").fill(app.now())
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(set(codes)) == 10
    page.get_by_role("link", name="I have kept them").click()
    assert _path(page) == "/"
    return app, codes


def _path(page: Page) -> str:
    return re.sub(r"^https?://[^/]+", "", page.url)


def _is_asked_and_each_code_counts_once(olga: BrowserContext, app: pyotp.TOTP) -> None:
    olga.clear_cookies(name="sid")
    page = olga.new_page()
    _signs_in(page)
    expect(page.get_by_role("heading", name="Your code", exact=True)).to_be_visible()
    page.goto("/students")
    assert _path(page).startswith("/sign-in")  # the password alone opens nothing
    _signs_in(page)
    used = app.at(time.time() + 30)  # one step ahead is taken: the phone's clock may be fast
    _types(page, used)
    assert _path(page) == "/"
    olga.clear_cookies(name="sid")
    _signs_in(page)
    _types(page, used)
    expect(page.get_by_text("This code is not right, or was used already.")).to_be_visible()
    assert "sid" not in {cookie["name"] for cookie in olga.cookies()}


def _types(page: Page, code: str) -> None:
    page.get_by_label("Six digits from the app").fill(code)
    page.get_by_role("button", name="Sign in").click()


def _enters_with_paper(olga: BrowserContext, codes: list[str]) -> None:
    """One of the ten, once; it leads to the page on which another phone is set up."""
    page = olga.new_page()
    for code, enters in ((codes[0], True), (codes[0], False), (codes[1], True)):
        olga.clear_cookies(name="sid")
        _signs_in(page)
        page.get_by_role("link", name="I do not have my phone").click()
        page.get_by_label("Recovery code").fill(code.lower())
        page.get_by_role("button", name="Sign in").click()
        if enters:
            assert _path(page) == "/me/second-factor"
        else:
            expect(page.get_by_text("This recovery code is not right, or was used already.")).to_be_visible()
    expect(page.get_by_text("Unused codes on paper: 8 of 10")).to_be_visible()


def _is_replaced(ada: Page, account_id: int) -> None:
    """By another administrator, on the account card."""
    ada.goto(f"/account?id={account_id}")
    ada.get_by_role("button", name="Actions").click(timeout=SLOW)
    ada.get_by_text("Remove second factor", exact=True).click()
    expect(ada.get_by_text("Do this only for a person whom you see")).to_be_visible(timeout=SLOW)
    ada.get_by_role("dialog").get_by_role("button", name="Remove second factor").click()
    expect(ada.get_by_text("The second factor is removed.")).to_be_visible(timeout=SLOW)
    settled(ada)
