"""What the browser itself watches over: nothing of ours breaks the policy, and a page that nobody uses goes blank."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from tests.browser import staff
from tests.browser.staff import SLOW

pytestmark = pytest.mark.browser


def test_r52_no_screen_breaks_the_policy_and_r37_an_idle_page_empties_itself_within_a_minute(
    chromium: Browser, tmp_path: Path
) -> None:
    with staff.school(tmp_path) as server:
        context = staff.signed_in(chromium, server, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        broken: list[str] = []
        page.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
        asked: set[str] = set()
        page.on("request", lambda request: asked.add(request.url.split("/")[2] if "//" in request.url else ""))
        page.goto("/")
        expect(page.get_by_role("heading", name="Account status")).to_be_visible(timeout=SLOW)
        staff.settled(page)
        staff.open_list(page, "/students")
        page.goto("/me?lang=en")
        expect(page.get_by_text("Where you are signed in")).to_be_visible(timeout=SLOW)
        staff.open_list(page, "/accounts")
        assert broken == []
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")  # R41
        assert not any(cookie["value"] in kept for cookie in context.cookies() if len(cookie["value"]) > 10)
        assert {host for host in asked if host} == {server.url.removeprefix("http://")}  # R106: nobody else
        engine = sa.create_engine(server.environment["FIRSTKEY_DATABASE_URL"])
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE sign_in_session SET ended_at = created_at"))
        engine.dispose()
        expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("button", name="Tick page", exact=True)).to_have_count(0)
        context.close()
