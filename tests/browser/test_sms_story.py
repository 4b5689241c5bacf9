"""SMS Initial User Credentials in a real browser: choose, check, send, watch, and what the provider says of each."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from tests.browser import test_story as story
from tests.browser.staff import SLOW, settled
from tests.peers import firstkey, twilio
from tests.peers.firstkey import Server
from tests.peers.twilio import Twilio

pytestmark = pytest.mark.browser

STUDENTS = """Student code;Last name;First name;Grade;Class;Personal e-mail;Use Personal E-mail;Language;Mobile
S1;Παπαδοπούλου;Μαρία;7;7B;maria@mail.example;yes;el;+306912345671
S2;Nguyễn;Thị Ánh;7;7B;anh@mail.example;yes;en;+306912345672
S3;O'Brien <b>;Zoë;8;8A;zoe@mail.example;yes;en;+306912345673
S4;Sideris;Sam;8;8A;;no;en;
"""


def test_text_messages_from_the_list_to_the_word_of_the_provider(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "STUDENTS", STUDENTS)
    with twilio.running() as provider, firstkey.running(tmp_path, demo="no", **provider.settings) as server:
        size = {"width": 1440, "height": 1000}
        page = chromium.new_context(viewport=size, base_url=server.url, reduced_motion="reduce").new_page()
        story._create_administrator(page, server)
        story._import_students(page, tmp_path)
        story._create_accounts(page)
        _at_any_hour(server)
        _check(page)
        _send(page, provider)
        _hear(page, provider)


def _at_any_hour(server: Server) -> None:
    engine = sa.create_engine(server.environment["FIRSTKEY_DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE school_settings SET sms_from_hour = 0, sms_until_hour = 24"))
    engine.dispose()


def _check(page: Page) -> None:
    page.goto("/accounts?type=student")
    page.get_by_role("button", name="Select all 4").click(timeout=SLOW)
    expect(page.get_by_text("4 selected")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Bulk Actions").click()
    page.get_by_text("SMS Initial User Credentials", exact=True).click()
    expect(page.get_by_text(re.compile(r"About \d+ segments"))).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile(r": 1$")).first).to_be_visible()  # Sam has no number
    settled(page)


def _send(page: Page, provider: Twilio) -> None:
    page.get_by_role("button", name="Send 3 text messages").dblclick()
    expect(page.get_by_text("3 of 3")).to_be_visible(timeout=SLOW)
    taken = provider.messages()
    assert sorted(message["to"] for message in taken) == [f"+30691234567{number}" for number in (1, 2, 3)]
    for message in taken:
        assert re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", message["body"]), "an initial password"
        assert not any(name in message["body"] for name in ("Μαρία", "Nguy", "Brien", "Zoë"))


def _hear(page: Page, provider: Twilio) -> None:
    """The provider calls back, signed; the outcome of each person follows."""
    first, second, third = provider.messages()
    for message, word in ((first, "delivered"), (second, "undelivered"), (third, "sent")):
        provider.says(message["sid"], word)
    for _ in range(30):
        page.reload()
        settled(page)
        if page.get_by_text("Delivered", exact=True).count() and page.get_by_text("Failed", exact=True).count():
            break
        time.sleep(1)
    expect(page.get_by_text("Delivered", exact=True).first).to_be_visible()
    expect(page.get_by_role("button", name="Retry the 1 that failed")).to_be_visible()
    page.get_by_role("button", name="Retry the 1 that failed").click()
    expect(page.get_by_role("heading", name="SMS Initial User Credentials")).to_be_visible(timeout=SLOW)
