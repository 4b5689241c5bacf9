"""SMS Initial User Credentials from the Students List: choose, check, undo, send once whatever happens, watch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import staff
from tests.browser.staff import SLOW, settled
from tests.peers import firstkey, twilio
from tests.peers.firstkey import Server
from tests.peers.twilio import Twilio

pytestmark = pytest.mark.browser

NUMBERS = ["+306912345671", "+306912345672"]
ROW, HEAD = 35, 37  # pixels of the table
GRACE_S = 8  # to change one's mind: long enough for a browser on a busy machine


def test_text_messages_from_the_students_list_leave_once_whoever_presses(chromium: Browser, tmp_path: Path) -> None:
    with (
        twilio.running() as provider,
        firstkey.running(tmp_path, grace_seconds=str(GRACE_S), **provider.settings) as server,
    ):
        _prepare(server)
        ada, tom = _two_administrators(chromium, server)
        _filter(ada)
        _tick_three(ada)
        _open_check(ada)
        _read_check(ada)
        _undo(ada, provider)
        staff.open_list(tom, "/students?state=ready")
        _tick_three(tom)
        for page in (ada, tom):
            _open_check(page)
        _send_twice(ada, tom, server)
        _watch(ada, server, provider)


def _prepare(server: Server) -> None:
    """The first three who are not invited: two have a mobile, of the third no number is known. Any hour will do."""
    first = (
        "SELECT person.id FROM person JOIN account ON account.person_id = person.id "
        "WHERE kind = 'student' AND standing = 'not_invited' ORDER BY sort_name, person.id LIMIT 3"
    )
    engine = sa.create_engine(server.environment["FIRSTKEY_DATABASE_URL"])
    with engine.begin() as connection:
        *reached, silent = connection.scalars(sa.text(first)).all()
        for person, number in zip(reached, NUMBERS, strict=True):
            known = "UPDATE person SET mobile = :number, mobile_region = 'GR', status = 'registered' WHERE id = :person"
            connection.execute(sa.text(known), {"person": person, "number": number})
        none = (
            "UPDATE person SET mobile = '', mobile_region = '', phone = '', phone_region = '', status = 'registered', "
            "personal_email = 'max@mail.example', personal_email_valid = true, use_personal_email = true "
            "WHERE id = :person"
        )
        connection.execute(sa.text(none), {"person": silent})
        connection.execute(sa.text("DELETE FROM guardianship WHERE student_id = :person"), {"person": silent})
        own = "is_demo = false, sms_from_hour = 0, sms_until_hour = 24, typed_count_above = 1"  # a demo sends nothing
        connection.execute(sa.text(f"UPDATE school_settings SET {own}"))
    engine.dispose()


def _two_administrators(chromium: Browser, server: Server) -> tuple[Page, Page]:
    size = {"width": 1440, "height": 1000}
    tom = staff.signed_in(chromium, server, role="office", viewport=size)
    staff.make_administrator(server)
    ada = staff.signed_in(chromium, server, role="administrator", viewport=size)
    staff.make_administrator(server)
    return ada.new_page(), tom.new_page()


def _filter(page: Page) -> None:
    staff.open_list(page)
    page.get_by_label("State", exact=False).first.click(timeout=SLOW)
    page.get_by_role("option", name="Ready", exact=True).click()
    page.keyboard.press("Escape")  # the list of options stays open for a second answer
    page.get_by_role("button", name="Search", exact=True).click()
    # Else the rows of the whole list would be ticked.
    expect(page.get_by_role("button", name="Select all 240")).to_have_count(0, timeout=SLOW)
    settled(page)


def _tick_three(page: Page) -> None:
    """The boxes before the first three rows."""
    table = page.locator('[data-testid="stDataFrame"]').first
    for row in range(3):
        table.click(position={"x": 18, "y": HEAD + ROW * row + ROW / 2})
        expect(page.get_by_text(f"{row + 1} selected")).to_be_visible(timeout=SLOW)
    settled(page)


def _open_check(page: Page) -> None:
    if "/campaigns" in page.url:
        staff.open_list(page)
    page.get_by_role("button", name="Bulk Actions").click()
    page.get_by_text("SMS Initial User Credentials", exact=True).click()
    expect(page.get_by_text(re.compile(r"About \d+ segments"))).to_be_visible(timeout=SLOW)
    settled(page)


def _read_check(page: Page) -> None:
    """Who is left out, why, and the way to repair it; the number that is asked for; the words of the button."""
    page.get_by_text("No mobile number: 1", exact=True).click()
    expect(page.get_by_role("link", name="Open these people in the list")).to_be_visible(timeout=SLOW)
    expect(_send(page)).to_be_disabled()
    _type_number(page)


def _send(page: Page) -> Locator:
    return page.get_by_role("button", name="Send 2 text messages", exact=True)


def _type_number(page: Page) -> None:
    asked = page.get_by_label("So many at once? Type 2 to go on.")
    asked.fill("2")
    asked.press("Enter")
    expect(_send(page)).to_be_enabled(timeout=SLOW)
    settled(page)


def _undo(page: Page, provider: Twilio) -> None:
    """Somebody changes their mind before the first message: nothing leaves."""
    _send(page).click()
    page.get_by_role("button", name="Undo").click(timeout=SLOW)
    expect(page.get_by_text("Undone: none of the 2 messages was sent.")).to_be_visible(timeout=SLOW)
    assert provider.messages() == []


def _send_twice(ada: Page, tom: Page, server: Server) -> None:
    """Two administrators have the same check before them, and one of them clicks twice: one campaign, seen by both."""
    for page in (ada, tom):
        _type_number(page)
    _send(ada).dblclick()
    _send(tom).click()
    for page in (ada, tom):
        expect(page).to_have_url(re.compile(r"campaign=2$"), timeout=SLOW)
    assert _facts(server) == (2, 4)  # the first is the one that was undone


def _facts(server: Server) -> tuple[int, int]:
    """How many campaigns and messages there are."""
    engine = sa.create_engine(server.environment["FIRSTKEY_DATABASE_URL"])
    with engine.connect() as connection:
        row = connection.execute(
            sa.text("SELECT (SELECT count(*) FROM campaign), (SELECT count(*) FROM message)")
        ).one()
    engine.dispose()
    return row[0], row[1]


def _watch(page: Page, server: Server, provider: Twilio) -> None:
    """Reloaded once while it waits to leave; from then on the page tells by itself, to the provider's last word."""
    page.reload()
    expect(page.get_by_text("2 of 2 · finished")).to_be_visible(timeout=SLOW)
    taken = provider.messages()
    assert sorted(message["to"] for message in taken) == NUMBERS
    assert _facts(server) == (2, 4)
    provider.says(taken[0]["sid"], "delivered")
    provider.says(taken[1]["sid"], "undelivered")
    expect(page.get_by_test_id("stMetric").filter(has_text="Delivered")).to_contain_text("1", timeout=SLOW)
    expect(page.get_by_role("button", name="Retry the 1 that failed")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("1 was left out")).to_be_visible()
