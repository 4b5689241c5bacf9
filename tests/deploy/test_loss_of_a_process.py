"""Whatever somebody is in the middle of survives the loss of the process that drew their page, and of the next one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect, sync_playwright
from sqlmodel import col

from core import database
from core.models import Message
from tests import cast as make
from tests.browser import conftest as browsers
from tests.browser import staff
from tests.browser.staff import SLOW
from tests.cast import Member
from tests.deploy.district import District

WITH_ACCOUNT, MORE = 100, 1_950  # the first two pages of the list, and so many that a file of all is a long one
STUDENT = b"Student code;Last name;First name;Grade;Class\nX1;Newly;Nora;7;7B\n"


@pytest.fixture(scope="module", autouse=True)
def _students(district: District) -> None:
    with database.transaction() as db:
        for number in range(WITH_ACCOUNT):
            invited = make.person(db, last_name=f"Able {number:03}", in_section=district.cast.class_7b)
            make.account(db, person=invited, username=f"able{number}")
        for number in range(MORE):
            make.person(db, last_name=f"Young {number:04}", in_section=district.cast.class_8a)


@contextmanager
def _opened(district: District, who: Member) -> Iterator[Page]:
    """A page of somebody who has signed in; both processes are there. The loop of its browser ends with it."""
    district.come_back()
    with sync_playwright() as playwright:
        browser = browsers.launch(playwright)
        page = browser.new_page(
            base_url=district.front.url,
            ignore_https_errors=True,
            viewport={"width": 1440, "height": 900},
            reduced_motion="reduce",
        )
        try:
            district.signs_in(page, who)
            yield page
        finally:
            browser.close()


def _lose(district: District, page: Page, port: int) -> None:
    """The process that draws this page dies; the page finds another one by itself."""
    with page.expect_websocket(timeout=SLOW):
        district.processes.kill(str(port))
    page.locator('[data-test-connection-state="CONNECTED"]').wait_for(timeout=SLOW)
    assert district.has(page.context) != port


def _tick(page: Page, chosen: int) -> None:
    page.get_by_role("button", name="Tick page", exact=True).click(timeout=SLOW)
    expect(page.get_by_text(f"{chosen} selected")).to_be_visible(timeout=SLOW)
    staff.settled(page)


def _turn_to(page: Page, number: int) -> None:
    page.get_by_role("button", name=f"Page {number}", exact=True).click(timeout=SLOW)
    expect(page.get_by_role("region", name=f"students, page {number}")).to_be_visible(timeout=SLOW)
    staff.settled(page)


def _check_says(page: Page, number: int) -> None:
    for label in ("will receive it", "selected"):
        said = page.get_by_test_id("stMetric").filter(has_text=re.compile(rf"^{label}\s*{number}\s*$"))
        expect(said).to_be_visible(timeout=SLOW)


def test_a_selection_goes_on_elsewhere_and_so_does_the_check_and_everybody_gets_one_message(district: District) -> None:
    with _opened(district, district.cast.ada) as page:
        _select_on_two_processes(district, page)
        _check_on_two_processes(district, page)
        page.get_by_role("button", name="Send 100 invitations").dblclick(timeout=SLOW)
        expect(page.get_by_text("100 of 100")).to_be_visible(timeout=SLOW)
    _everybody_has_one(district)


def _select_on_two_processes(district: District, page: Page) -> None:
    staff.open_list(page)
    _tick(page, 50)
    _lose(district, page, district.has(page.context))
    _comes_back(page, 50)
    _turn_to(page, 2)
    _tick(page, 100)
    _comes_back(page, 100)


def _comes_back(page: Page, chosen: int) -> None:
    page.reload()
    expect(page.get_by_text(f"{chosen} selected")).to_be_visible(timeout=SLOW)
    staff.settled(page)


def _check_on_two_processes(district: District, page: Page) -> None:
    page.get_by_role("button", name="Bulk Actions").click()
    page.get_by_text("Send Initial Invitation", exact=True).click()
    _check_says(page, 100)
    draws = district.has(page.context)
    district.come_back()
    _lose(district, page, draws)
    _check_says(page, 100)
    page.reload()
    _check_says(page, 100)


def _everybody_has_one(district: District) -> None:
    mailed = Counter(str(message["To"]) for message in district.box.wait_for(WITH_ACCOUNT))
    with database.reading() as db:
        addresses = set(db.scalars(sa.select(col(Message.address)).where(col(Message.status) == "sent")))
    assert len(addresses) == WITH_ACCOUNT
    assert mailed == Counter(addresses)


def test_a_file_that_is_ready_is_fetched_when_whoever_made_it_is_gone(district: District, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    with _opened(district, district.cast.olga) as page:
        staff.open_list(page)
        page.get_by_role("button", name="Reports", exact=True).click()
        page.get_by_role("button", name=re.compile("^Export as text")).click()
        page.wait_for_url("**/reports", timeout=SLOW)
        link = page.get_by_role("link", name="Download", exact=True)
        expect(link).to_be_visible(timeout=SLOW)
        _lose_both(district, page)
        with page.expect_download(timeout=SLOW) as waiting:
            link.click()
        waiting.value.save_as(file)
        expect(page.get_by_text(re.compile("^Downloaded"))).to_be_visible(timeout=SLOW)
    assert len(file.read_text(encoding="utf-8-sig").splitlines()) > WITH_ACCOUNT + MORE


def _lose_both(district: District, page: Page) -> None:
    """One after the other, each started again: one of them made the file."""
    draws = district.has(page.context)
    for port in (draws, *(other for other in district.ports if other != draws)):
        _lose(district, page, port)
        district.come_back()


def test_a_page_that_went_over_to_another_process_uploads_to_that_one_when_its_own_is_back(district: District) -> None:
    with _opened(district, district.cast.ada) as page:
        page.goto("/imports")
        chooser = page.locator("input[type=file]")
        chooser.wait_for(state="attached", timeout=SLOW)
        own = district.has(page.context)
        _lose(district, page, own)
        district.come_back()
        assert district.has(page.context) == own, "what it asks for next is answered by its own process"
        chooser.set_input_files({"name": "students.csv", "mimeType": "text/csv", "buffer": STUDENT})
        expect(page.get_by_role("button", name=re.compile("^Import 1 "))).to_be_visible(timeout=20_000)
