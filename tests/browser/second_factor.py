"""Somebody with an authenticator app in their hand."""

from __future__ import annotations

import pyotp
from playwright.sync_api import Page, expect


def set_up(page: Page) -> str:
    """At the first sign-in of a real school: type the key into the app, its code into the page, keep the codes."""
    expect(page.get_by_role("heading", name="Protect your account")).to_be_visible()
    page.get_by_text("I cannot point a camera at it").click()
    seed = page.locator(".seed").inner_text().replace(" ", "")
    page.get_by_label("Six digits from the app").fill(pyotp.TOTP(seed).now())
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    return seed
