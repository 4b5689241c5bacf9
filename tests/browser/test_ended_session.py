"""What a staff page shows when its session has ended: a way on, and nothing of what was there."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from tests.browser import second_factor
from tests.peers import firstkey
from tests.peers.firstkey import Server

pytestmark = pytest.mark.browser

PASSWORD = "violet kettle over the harbour"
ADA = {"First name": "Ada", "Last name": "Adams", "E-mail": "ada@school.example", "Username": "ada"}


def _sign_up(page: Page, link: str) -> None:
    page.goto(link)
    of_own_school = page.get_by_label("Name of the school").count() > 0
    if of_own_school:
        page.get_by_label("Name of the school").fill("Lyceum")
    for label, value in ADA.items():
        page.get_by_label(label, exact=True).fill(value)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Create administrator").click()
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    if of_own_school:
        second_factor.set_up(page)
    expect(page.get_by_role("heading", name="Account status")).to_be_visible(timeout=30_000)


def _end_all_sessions(server: Server) -> None:
    engine = sa.create_engine(server.environment["FIRSTKEY_DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE sign_in_session SET ended_at = created_at"))
    engine.dispose()


def test_r37_a_revoked_session_empties_the_page_at_the_next_click_and_offers_the_way_in(
    chromium: Browser, tmp_path: Path
) -> None:
    with firstkey.running(tmp_path) as server:
        page = chromium.new_context(base_url=server.url).new_page()
        assert server.setup_link
        _sign_up(page, server.setup_link)
        page.goto("/accounts")
        expect(page.get_by_role("button", name="Tick page", exact=True)).to_be_visible(timeout=30_000)
        _end_all_sessions(server)
        page.get_by_role("button", name="Tick page", exact=True).click()
        expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible(timeout=30_000)
        expect(page.get_by_role("button", name="Tick page", exact=True)).to_have_count(0)
        page.get_by_role("link", name="Sign in again").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_leaving_the_demo_on_screen_leads_to_an_administrator_of_ones_own_school(
    chromium: Browser, tmp_path: Path
) -> None:
    with firstkey.running(tmp_path) as server:
        context = chromium.new_context(base_url=server.url)
        page = context.new_page()
        assert server.setup_link
        _sign_up(page, server.setup_link)
        page.goto("/settings?section=Start%20with%20my%20own%20school")
        page.get_by_label("Name of my school").fill("Lyceum", timeout=30_000)
        page.get_by_label("Type REMOVE to confirm").fill("REMOVE")
        page.get_by_label("Type REMOVE to confirm").press("Enter")
        page.get_by_role("button", name="Remove the demo").click(timeout=30_000)
        link = page.get_by_role("link", name="Create the first administrator").get_attribute("href", timeout=30_000)
        assert link
        _sign_up(context.new_page(), link)
        page.goto("/students")
        expect(page.get_by_text("Import your students", exact=False).first).to_be_visible(timeout=30_000)
        expect(page.get_by_text("Demo school")).to_have_count(0)
        assert server.stop() == 0, "in peace, with a browser still there"
