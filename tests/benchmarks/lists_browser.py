"""From the click on Search to painted rows, in headless Chromium.

The rows are drawn on a canvas, so its pixels are watched: painted is the first frame in which the part below the head
shows something, and something else than at the click.
"""

from __future__ import annotations

import statistics
from random import Random

from playwright.sync_api import Page, expect, sync_playwright

from tests.benchmarks import list_questions, list_reruns, staff_sessions
from tests.benchmarks.report import Report, p95
from tests.browser.conftest import launch
from tests.peers.firstkey import Server

SEARCHES = 40
WATCH = """() => {
  const look = () => {
    const canvas = document.querySelector('[data-testid="stDataFrame"] canvas[data-testid="data-grid-canvas"]');
    if (!canvas || !canvas.width || canvas.height < 60) return '';
    const height = Math.min(200, canvas.height - 40);
    const pixels = canvas.getContext('2d').getImageData(40, 40, Math.min(500, canvas.width - 40), height).data;
    let sum = 0, dark = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      if (pixels[i] < 140 && pixels[i + 3] > 128) { dark += 1; sum = (sum * 31 + i) % 2147483647; }
    }
    return dark > 20 ? String(sum) : '';
  };
  window.painted = new Promise(done => document.addEventListener('click', () => {
    const begin = performance.now(), before = look();
    const frame = () => {
      const now = look();
      if (now && now !== before) requestAnimationFrame(() => done(performance.now() - begin));
      else if (performance.now() - begin > 10000) done(-1);
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }, {capture: true, once: true}));
}"""


def figures(report: Report, server: Server) -> None:
    """Searches for parts of names that are there; a search that finds the rows already shown is none."""
    chance = Random(11)
    people = list_questions.look_around(list_reruns.office(), chance).people
    texts = list(dict.fromkeys(chance.choice(people).last_name[: chance.choice((3, 4, 20))] for _ in range(SEARCHES)))
    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "sid", "value": staff_sessions.tokens(1)[0], "url": server.url}])
        page = context.new_page()
        page.goto("/students")
        page.locator('[data-testid="stDataFrame"] canvas').first.wait_for(timeout=60_000)
        taken = [_search(page, text) for text in texts]
        browser.close()
    painted = [value for value in taken[3:] if value > 0]
    report.figure("list_paint_p50_ms_100k", statistics.median(painted), "ms", runs=len(painted))
    report.figure("list_paint_p95_ms_100k", p95(painted), "ms", runs=len(painted))


def _search(page: Page, text: str) -> float:
    page.locator('[data-test-script-state="notRunning"]').wait_for()
    expect(page.get_by_label("Search for")).to_have_count(1)
    page.get_by_label("Search for").fill(text)
    page.wait_for_timeout(500)  # a person looks up before the click
    page.evaluate(WATCH)
    page.get_by_role("button", name="Search", exact=True).click()
    return float(page.evaluate("window.painted"))
