"""axe-core on what administrators see alone, light and dark: nothing serious or critical that is ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import barriers, staff
from tests.browser.staff import SLOW
from tests.peers.firstkey import Server

pytestmark = pytest.mark.browser

PAGES = {
    "/audit": "Audit",
    "/staff": "Staff and roles",
    "/periods": "Academic years",
    "/reminders": "Reminders",
    "/retention": "Data retention",
}
SECTIONS = (
    "School",
    "Logo",
    "Accounts",
    "Usernames",
    "Passwords",
    "Sessions",
    "Microsoft 365",
    "Invitations",
    "Reminders",
    "Text messages",
    "Limits",
    "Imports",
    "Retention",
    "Alerts",
    "Start with my own school",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with staff.school(tmp_path_factory.mktemp("school")) as running:
        staff.make_administrator(running)
        yield running


@pytest.fixture(scope="module")
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    """Opened once: a browser that has read Streamlit already opens the next page with half the work."""
    size = {"width": 1440, "height": 900}
    context = staff.signed_in(chromium, server, role="administrator", bypass_csp=True, viewport=size)
    yield context.new_page()
    context.close()


def _opened(page: Page, path: str, title: str) -> list[Any]:
    page.goto(path, timeout=SLOW)
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=SLOW)
    staff.settled(page)
    return barriers.ours(page)


def _tab(page: Page, name: str, *, shows: str) -> list[Any]:
    page.get_by_role("tab", name=name).click(timeout=SLOW)
    expect(page.get_by_text(shows).first).to_be_visible(timeout=SLOW)
    staff.settled(page)
    return barriers.ours(page)


def test_the_pages_of_the_school_have_no_serious_barrier_of_ours(page: Page) -> None:
    found = {path: _opened(page, path, title) for path, title in PAGES.items()}
    assert {path: barrier for path, barrier in found.items() if barrier} == {}


def test_no_tab_of_the_audit_has_a_serious_barrier_of_ours(page: Page) -> None:
    assert _opened(page, "/audit", "Audit") == []
    assert _tab(page, "Who saw whom?", shows="Whose data") == []
    assert _tab(page, "Is it whole?", shows="Check") == []


def test_what_is_held_about_a_person_and_erasing_them_have_no_serious_barrier_of_ours(
    page: Page, server: Server
) -> None:
    page.goto(f"/student?id={staff.a_student(server)}", timeout=SLOW)
    assert _tab(page, "Data protection", shows="Erase this person") == []


def test_no_section_of_the_settings_has_a_serious_barrier_of_ours(page: Page) -> None:
    found = {section: _opened(page, f"/settings?section={section}", "Settings") for section in SECTIONS}
    assert {section: barrier for section, barrier in found.items() if barrier} == {}


def test_r53_an_address_in_a_sentence_is_no_link(page: Page) -> None:
    _opened(page, "/settings", "Settings")
    expect(page.get_by_text("for instance office@school.example")).to_be_visible()
    expect(page.locator('a[href*="school.example"]')).to_have_count(0)
