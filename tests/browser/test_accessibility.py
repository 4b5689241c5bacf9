"""axe-core on the lists and the cards: nothing serious or critical that is ours.

axe.min.js is axe-core 4.14.1 as its makers publish it, under the licence beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import staff
from tests.browser.staff import SLOW
from tests.peers.firstkey import Server

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "axe.min.js"
RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']});
  return found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .flatMap(v => v.nodes.map(n => [v.id, n.html.slice(0, 300), n.target.join(' ')]));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with staff.school(tmp_path_factory.mktemp("school")) as running:
        yield running


@pytest.fixture
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    context = staff.signed_in(chromium, server, viewport={"width": 1440, "height": 900}, bypass_csp=True)
    yield context.new_page()
    context.close()


def _ours(page: Page) -> list[Any]:
    """What still stands after a moment: on a busy machine a page fades in late, and is pale until then."""
    page.add_script_tag(path=AXE)
    found = list(page.evaluate(RUN))
    for _look in range(3):
        if found:
            page.wait_for_timeout(2_000)
            found = list(page.evaluate(RUN))
    return found


@pytest.mark.parametrize("path", ["/students", "/accounts"])
def test_a_list_has_no_serious_barrier_of_ours(page: Page, path: str) -> None:
    staff.open_list(page, path)
    assert _ours(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_account_status_has_no_serious_barrier_of_ours(chromium: Browser, server: Server, scheme: Any) -> None:
    size = {"width": 1440, "height": 900}
    context = staff.signed_in(chromium, server, viewport=size, bypass_csp=True, color_scheme=scheme)
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_text("Why messages failed")).to_be_visible(timeout=SLOW)
    page.get_by_text("As a table").first.click(timeout=SLOW)
    expect(page.get_by_role("region", name="States").get_by_role("link").first).to_be_visible(timeout=SLOW)
    staff.settled(page)
    assert _ours(page) == []
    context.close()


def test_the_card_of_a_student_has_no_serious_barrier_of_ours(page: Page, server: Server) -> None:
    page.goto(f"/student?id={staff.a_student(server)}")
    expect(page.get_by_role("tab", name="Contact")).to_be_visible(timeout=SLOW)
    staff.settled(page)
    assert _ours(page) == []


@pytest.mark.parametrize("kind", ["guardian", "staff"])
def test_the_card_of_an_account_has_no_serious_barrier_of_ours(page: Page, server: Server, kind: str) -> None:
    page.goto(f"/account?id={staff.an_account(server, kind)}")
    expect(page.get_by_role("tab", name="Timeline")).to_be_visible(timeout=SLOW)
    staff.settled(page)
    assert _ours(page) == []
    page.get_by_role("tab", name="Why can't they sign in?").click()
    staff.settled(page)
    assert _ours(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_check_of_a_campaign_has_no_serious_barrier_of_ours(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    staff.open_list(page, "/students")
    page.get_by_role("button", name="Tick page", exact=True).click(timeout=SLOW)
    expect(page.get_by_text("50 selected", exact=False).first).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Bulk Actions").click(timeout=SLOW)
    page.get_by_text("Send Initial Invitation", exact=True).first.click(timeout=SLOW)
    expect(page.get_by_text("Send a test to me").first).to_be_visible(timeout=SLOW)
    staff.settled(page)
    assert _ours(page) == []


def test_the_menu_of_reports_and_its_window_have_no_serious_barrier_of_ours(page: Page) -> None:
    staff.open_list(page, "/students")
    page.get_by_role("button", name="Reports").click(timeout=SLOW)
    expect(page.get_by_role("button", name="Export for Excel")).to_be_visible(timeout=SLOW)
    assert _ours(page) == []
    page.get_by_role("button", name="User Account Credentials").click(timeout=SLOW)
    page.get_by_role("button", name="Preview Report").click(timeout=SLOW)
    expect(page.get_by_alt_text("Page 1 of the report")).to_be_visible(timeout=SLOW)
    staff.settled(page)
    assert _ours(page) == []
