"""The charts of Account status in a real browser: what is clicked opens its people, and what is saved is a file."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import staff
from tests.browser.staff import SLOW
from tests.peers.firstkey import Server

pytestmark = pytest.mark.browser

# Where the largest bar or point of a colour or line is drawn, and the number it stands for.
LARGEST = """([key, trace]) => {
  const plot = document.querySelector(`.st-key-${key} .js-plotly-plot`), drawn = plot.calcdata[trace];
  plot.scrollIntoView({block: 'center', behavior: 'instant'});
  const numbers = drawn.map(point => point.s ?? point.y), most = Math.max(...numbers);
  const mark = [...plot.querySelectorAll('.point')].find(one => one.__data__ === drawn[numbers.indexOf(most)]);
  const box = mark.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2, most];
}"""


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
    desk.goto("/", timeout=SLOW)
    expect(desk.get_by_text("Why messages failed")).to_be_visible(timeout=SLOW)
    expect(desk.locator(".st-key-chart-failures .js-plotly-plot .bars path").first).to_be_visible(timeout=SLOW)
    staff.settled(desk)
    return desk


def _click(page: Page, chart: str, *, trace: int) -> int:
    """Click on the largest bar or point of a colour or line; gives the number it stands for."""
    *where, number = page.evaluate(LARGEST, [f"chart-{chart}", trace])
    page.mouse.move(*where)
    page.wait_for_timeout(300)  # Plotly looks for what is under the mouse after a moment
    page.mouse.click(*where)
    return int(number)


def _list_has(page: Page, path: str, number: int) -> None:
    page.wait_for_url(re.compile(rf"{path}\?"), timeout=SLOW)
    expect(page.get_by_role("button", name=f"Select all {number:,}", exact=True)).to_be_visible(timeout=SLOW)


@pytest.mark.parametrize(("chart", "trace"), [("states", 0), ("grades", 1), ("classes", 0), ("funnel", 0), ("days", 2)])
def test_a_click_on_a_bar_or_a_point_opens_the_list_of_exactly_these_people(page: Page, chart: str, trace: int) -> None:
    number = _click(page, chart, trace=trace)
    assert number > 0
    _list_has(page, "/students", number)


def _table(page: Page, title: str, *, chart: str) -> Locator:
    """The table beneath a chart, opened with the keyboard."""
    opener = page.locator(f".st-key-chart-{chart}").get_by_text("As a table")
    opener.scroll_into_view_if_needed(timeout=SLOW)
    page.locator(f".st-key-chart-{chart} summary").focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("region", name=title, exact=True)
    expect(table.get_by_role("link").first).to_be_visible(timeout=SLOW)
    staff.settled(page)
    return table


def test_without_a_mouse_a_count_of_the_table_opens_the_list_of_exactly_these_people(page: Page) -> None:
    table = _table(page, "By grade", chart="grades")
    table.focus()
    page.keyboard.press("Tab")
    count = table.get_by_role("link").first
    expect(count).to_be_focused()
    number = int(count.inner_text().replace(",", ""))
    page.keyboard.press("Enter")
    _list_has(page, "/students", number)


def test_a_chart_is_saved_as_a_picture(page: Page, tmp_path: Path) -> None:
    chart = page.locator(".st-key-chart-grades")
    chart.scroll_into_view_if_needed(timeout=SLOW)
    chart.locator(".js-plotly-plot").hover()
    with page.expect_download(timeout=SLOW) as waiting:
        chart.locator(".modebar-btn").click(timeout=SLOW)
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert path.name == "By grade.png"
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1_200 and picture.height > 300
        assert len(picture.convert("RGB").getcolors(maxcolors=1 << 20) or []) > 10  # something is drawn on it


def test_the_page_is_saved_as_a_pdf(page: Page, tmp_path: Path) -> None:
    with page.expect_download(timeout=SLOW) as waiting:
        page.get_by_role("button", name="Save as PDF").click(timeout=SLOW)
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert path.suffix == ".pdf"
    subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True).stdout
    for expected in ("Account status", "Athena School", "By grade", "From created to signed in"):
        assert expected in text
