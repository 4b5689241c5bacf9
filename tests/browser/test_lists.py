"""Choosing people in a real browser: across pages, filters, tabs and reloads, on screens of a desk and of a tablet."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import barriers, staff
from tests.browser.staff import SLOW
from tests.peers.firstkey import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with staff.school(tmp_path_factory.mktemp("school")) as running:
        yield running


@pytest.fixture(scope="module")
def desk(chromium: Browser, server: Server) -> Iterator[Page]:
    """Opened once: a browser that has read Streamlit already opens the next page with half the work."""
    context = staff.signed_in(chromium, server, viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def page(desk: Page) -> Page:
    staff.open_list(desk)
    _clear(desk)
    return desk


def _bar(page: Page) -> Locator:
    return page.locator(".st-key-selection-bar-students")


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click(timeout=SLOW)


def _says(page: Page, text: str) -> None:
    expect(_bar(page).get_by_text(text)).to_be_visible(timeout=SLOW)


def _clear(page: Page) -> None:
    if _bar(page).get_by_role("button", name="Clear selection").is_enabled():
        _press(page, "Clear selection")
    _says(page, "none selected")
    staff.settled(page)


def _search(page: Page, text: str) -> None:
    page.get_by_label("Search for").fill(text)
    _press(page, "Search")


def _turn_to(page: Page, number: int) -> None:
    button = page.get_by_role("button", name=f"Page {number}", exact=True)
    button.click(timeout=SLOW)
    expect(button).to_have_attribute("aria-current", "page", timeout=SLOW)
    expect(page.get_by_role("region", name=f"students, page {number}")).to_be_visible(timeout=SLOW)
    staff.settled(page)


def test_ticks_of_two_pages_outlive_a_filter_a_reload_and_can_be_shown_alone(page: Page) -> None:
    _press(page, "Tick page")
    _says(page, "50 selected")
    _turn_to(page, 2)
    _press(page, "Tick page")
    _says(page, "100 selected")
    _search(page, "nobody is called so")
    expect(page.get_by_text("100 not visible", exact=False).first).to_be_visible(timeout=SLOW)
    page.reload()
    expect(page.get_by_text("100 selected", exact=False).first).to_be_visible(timeout=SLOW)
    staff.settled(page)
    _press(page, "Show just these")
    _says(page, "100 students")


def test_all_that_match_but_one_page_and_then_an_act_on_exactly_these(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Select all [0-9,]+$")).click(timeout=SLOW)
    expect(page.get_by_role("button", name="Clear selection")).to_be_enabled(timeout=SLOW)
    staff.settled(page)
    everybody = _chosen(page)
    _press(page, "Untick page")
    _says(page, f"{everybody - 50:,} selected")
    page.get_by_role("button", name="Bulk Actions").click(timeout=SLOW)
    page.get_by_text("Create user accounts", exact=True).click(timeout=SLOW)
    expect(page.get_by_role("dialog")).to_be_visible(timeout=SLOW)
    page.keyboard.press("Escape")


def test_two_tabs_share_one_selection(page: Page) -> None:
    other = page.context.new_page()
    staff.open_list(other)
    _press(page, "Tick page")
    _says(page, "50 selected")
    other.reload()
    _says(other, "50 selected")
    staff.settled(other)
    _press(other, "Clear selection")
    _says(other, "none selected")
    page.reload()
    _says(page, "none selected")
    other.close()


@pytest.mark.parametrize("width", [1440, 1024, 768])
def test_the_lists_fit_the_screen_of_a_desk_and_of_a_tablet(chromium: Browser, server: Server, width: int) -> None:
    context = staff.signed_in(chromium, server, viewport={"width": width, "height": 1024})
    page = context.new_page()
    for name in ("students", "accounts"):
        staff.open_list(page, f"/{name}")
        for look in barriers.LOOKS:
            barriers.turned(page, look)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            bar = page.locator(f".st-key-selection-bar-{name}").bounding_box()
            assert bar is not None
            assert bar["x"] >= 0
            assert bar["x"] + bar["width"] <= width + 1
    context.close()


def _chosen(page: Page) -> int:
    words = _bar(page).get_by_text(re.compile(r"[0-9,]+ selected")).first.inner_text(timeout=SLOW)
    found = re.search(r"([0-9,]+) selected", words)
    assert found is not None
    return int(found[1].replace(",", ""))
