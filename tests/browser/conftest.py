"""A headless Chromium for stories told from the outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; `make test` installs it."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def launch(playwright: Playwright) -> Browser:
    """Start it without a window."""
    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium"
    return playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, "--disable-sync", "--no-first-run"])
