"""axe-core on the lists and the cards, light and dark: nothing serious or critical that is ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import barriers, staff
from tests.browser.staff import SLOW
from tests.peers.firstkey import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with staff.school(tmp_path_factory.mktemp("school")) as running:
        yield running


@pytest.fixture(scope="module")
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    """Opened once: a browser that has read Streamlit already opens the next page with half the work."""
    context = staff.signed_in(chromium, server, viewport={"width": 1440, "height": 900}, bypass_csp=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", ["/students", "/accounts"])
def test_a_list_has_no_serious_barrier_of_ours(page: Page, path: str) -> None:
    staff.open_list(page, path)
    assert barriers.ours(page) == []


def test_account_status_has_no_serious_barrier_of_ours(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_text("Why messages failed")).to_be_visible(timeout=SLOW)
    page.get_by_text("As a table").first.click(timeout=SLOW)
    expect(page.get_by_role("region", name="States").get_by_role("link").first).to_be_visible(timeout=SLOW)
    staff.settled(page)
    assert barriers.ours(page) == []


def test_the_card_of_a_student_has_no_serious_barrier_of_ours(page: Page, server: Server) -> None:
    page.goto(f"/student?id={staff.a_student(server)}")
    expect(page.get_by_role("tab", name="Contact")).to_be_visible(timeout=SLOW)
    staff.settled(page)
    assert barriers.ours(page) == []


@pytest.mark.parametrize("kind", ["guardian", "staff"])
def test_the_card_of_an_account_has_no_serious_barrier_of_ours(page: Page, server: Server, kind: str) -> None:
    page.goto(f"/account?id={staff.an_account(server, kind)}")
    expect(page.get_by_role("tab", name="Timeline")).to_be_visible(timeout=SLOW)
    staff.settled(page)
    assert barriers.ours(page) == []
    page.get_by_role("tab", name="Why can't they sign in?").click()
    staff.settled(page)
    assert barriers.ours(page) == []


def test_the_check_of_a_campaign_has_no_serious_barrier_of_ours(page: Page) -> None:
    staff.open_list(page, "/students")
    page.get_by_role("button", name="Tick page", exact=True).click(timeout=SLOW)
    expect(page.get_by_text("50 selected", exact=False).first).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Bulk Actions").click(timeout=SLOW)
    page.get_by_text("Send Initial Invitation", exact=True).first.click(timeout=SLOW)
    expect(page.get_by_text("Send a test to me").first).to_be_visible(timeout=SLOW)
    staff.settled(page)
    assert barriers.ours(page) == []


def test_the_menu_of_reports_and_its_window_have_no_serious_barrier_of_ours(page: Page) -> None:
    staff.open_list(page, "/students")
    page.get_by_role("button", name="Reports").click(timeout=SLOW)
    expect(page.get_by_role("button", name="Export for Excel")).to_be_visible(timeout=SLOW)
    assert barriers.ours(page) == []
    page.get_by_role("button", name="User Account Credentials").click(timeout=SLOW)
    page.get_by_role("button", name="Preview Report").click(timeout=SLOW)
    expect(page.get_by_alt_text("Page 1 of the report")).to_be_visible(timeout=SLOW)
    staff.settled(page)
    assert barriers.ours(page) == []
