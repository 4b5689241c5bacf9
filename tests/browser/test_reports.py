"""Reports and exports as somebody of the office downloads them: real files, read back."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect

from core.config import ROOT
from tests.browser import staff
from tests.browser.staff import SLOW
from tests.peers.firstkey import Server

pytestmark = pytest.mark.browser
DRAWN = """() => [...document.querySelectorAll('img[alt^="Page 1"]')].some(img => img.naturalWidth > 800)"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With so many accounts that the list of all is a long file."""
    folder = tmp_path_factory.mktemp("school")
    there = {"FIRSTKEY_DATABASE_URL": f"sqlite:///{folder / 'firstkey.db'}"}
    command = [sys.executable, "-m", "core.manage", "demo", "--students", "1200"]
    subprocess.run(command, cwd=ROOT, env=os.environ | there, check=True, capture_output=True)
    with staff.school(folder) as running:
        yield running


@pytest.fixture(scope="module")
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    """Opened once: a browser that has read Streamlit already opens the next page with half the work."""
    context = staff.signed_in(chromium, server, viewport={"width": 1440, "height": 900}, accept_downloads=True)
    yield context.new_page()
    context.close()


def _downloaded(page: Page, click: Callable[[], None], folder: Path) -> Path:
    with page.expect_download(timeout=SLOW) as waiting:
        click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def _text(path: Path) -> str:
    subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout


def _menu_of_ticked(page: Page) -> None:
    """Fifty students, and what can be printed of them."""
    staff.open_list(page)
    page.get_by_role("button", name="Tick page", exact=True).click()
    expect(page.get_by_text("50 selected")).to_be_visible(timeout=SLOW)
    staff.settled(page)
    page.get_by_role("button", name="Reports", exact=True).click()


@pytest.mark.parametrize("title", ["Student Account Info", "User Account Info"])
def test_a_report_is_one_click_and_says_of_how_many(page: Page, tmp_path: Path, title: str) -> None:
    _menu_of_ticked(page)
    path = _downloaded(page, page.get_by_role("button", name=re.compile(f"^{title}")).click, tmp_path)
    text = _text(path)
    assert re.fullmatch(rf"{title} \d{{4}}-\d\d-\d\d\.pdf", path.name)
    assert title in text and "Athena School" in text and "Totals" in text and "Page 1 of " in text
    assert re.search(r"selected of [\d,]+|selected, [\d,]+ shown", text)
    expect(page.get_by_text("50 selected")).to_be_visible()  # the page stays


def test_credentials_are_chosen_in_the_window_and_downloaded(page: Page, tmp_path: Path) -> None:
    _menu_of_ticked(page)
    page.get_by_role("button", name=re.compile("^User Account Credentials")).click()
    window = page.get_by_role("dialog")
    window.get_by_text("4 on a page", exact=True).click(timeout=SLOW)
    expect(window.get_by_text(re.compile(r"Printed for \d+ accounts"))).to_be_visible(timeout=SLOW)
    staff.settled(page)
    path = _downloaded(page, window.get_by_role("button", name=re.compile("^Download for ")).click, tmp_path)
    text = _text(path)
    assert "User Account Credentials" in path.name and "Confidential" in text and "Username" in text


def test_the_pages_are_seen_in_the_window_and_are_those_of_the_file(page: Page, tmp_path: Path) -> None:
    _menu_of_ticked(page)
    page.get_by_role("button", name=re.compile("^User Account Credentials")).click()
    window = page.get_by_role("dialog")
    window.get_by_role("button", name="Preview Report").click(timeout=SLOW)
    picture = window.get_by_alt_text("Page 1 of the report")
    expect(picture).to_be_visible(timeout=SLOW)
    picture.scroll_into_view_if_needed()
    page.wait_for_function(DRAWN, timeout=SLOW)
    assert picture.evaluate("img => img.naturalHeight > img.naturalWidth && img.naturalWidth > 800")
    said = window.get_by_text(re.compile(r"^(Pages 1 to 3 of|All) \d+")).inner_text()
    staff.settled(page)
    path = _downloaded(page, window.get_by_role("button", name=re.compile("^Download for ")).click, tmp_path)
    text = _text(path)
    assert "Confidential" in text and re.search(r"50 selected of [\d,]+ · \d+ accounts", text)
    assert f"Page 1 of {re.findall(r'[0-9]+', said)[-1]}" in text


def test_one_leafs_on_back_and_to_a_page_by_its_number(page: Page) -> None:
    _menu_of_ticked(page)
    page.get_by_role("button", name=re.compile("^User Account Credentials")).click()
    window = page.get_by_role("dialog")
    window.get_by_text("2 on a page", exact=True).click(timeout=SLOW)
    staff.settled(page)
    window.get_by_role("button", name="Preview Report").click(timeout=SLOW)
    expect(window.get_by_alt_text("Page 1 of the report")).to_be_visible(timeout=SLOW)
    expect(window.get_by_role("button", name="Back")).to_be_disabled()
    window.get_by_role("button", name="Next pages").click()
    expect(window.get_by_alt_text("Page 4 of the report")).to_be_visible(timeout=SLOW)
    staff.settled(page)
    box = window.get_by_label("Go to page")
    box.fill("9")
    box.press("Enter")
    expect(window.get_by_alt_text("Page 9 of the report")).to_be_visible(timeout=SLOW)
    staff.settled(page)
    window.get_by_role("button", name="Back").click()
    expect(window.get_by_alt_text("Page 6 of the report")).to_be_visible(timeout=SLOW)
    expect(window.get_by_alt_text("Page 9 of the report")).to_have_count(0)


def test_r45_who_closes_the_window_leaves_no_picture_behind(page: Page, server: Server) -> None:
    _menu_of_ticked(page)
    page.get_by_role("button", name=re.compile("^User Account Credentials")).click()
    window = page.get_by_role("dialog")
    window.get_by_role("button", name="Preview Report").click(timeout=SLOW)
    expect(window.get_by_alt_text("Page 1 of the report")).to_be_visible(timeout=SLOW)
    assert _pictures(server) == 3
    staff.settled(page)
    page.keyboard.press("Escape")
    expect(window).to_have_count(0)
    staff.settled(page)
    expect(window).to_have_count(0)  # the page was drawn anew, without the window
    expect(page.get_by_text("50 selected")).to_be_visible(timeout=SLOW)
    _wait_until(lambda: _pictures(server) == 0)  # they go with the run that closing the window asked for


def _wait_until(so: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def _pictures(server: Server) -> int:
    engine = sa.create_engine(server.environment["FIRSTKEY_DATABASE_URL"])
    with engine.connect() as connection:
        number = connection.scalar(sa.text("SELECT count(*) FROM preview_page"))
    engine.dispose()
    return int(number or 0)


def test_a_list_is_exported_as_it_stands_on_screen(page: Page, tmp_path: Path) -> None:
    _menu_of_ticked(page)
    path = _downloaded(page, page.get_by_role("button", name=re.compile("^Export for Excel")).click, tmp_path)
    rows = list(load_workbook(path).worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 51 and rows[0][:2] == ("Student code", "Name")


def test_a_long_one_is_made_while_the_person_goes_on_and_fetched_once(page: Page, tmp_path: Path) -> None:
    staff.open_list(page, "/accounts")
    page.get_by_role("button", name="Reports", exact=True).click()
    page.get_by_role("button", name=re.compile("^Export as text")).click()
    page.wait_for_url("**/reports", timeout=SLOW)
    link = page.get_by_role("link", name="Download", exact=True)
    expect(link).to_be_visible(timeout=SLOW)
    address = link.get_attribute("href") or ""
    assert re.fullmatch(r"/files/[0-9a-f]{64}", address)
    path = _downloaded(page, link.click, tmp_path)
    assert len(path.read_text(encoding="utf-8-sig").splitlines()) > 2_000
    expect(page.get_by_text(re.compile("^Downloaded"))).to_be_visible(timeout=SLOW)
    assert page.request.get(address).status == 404
