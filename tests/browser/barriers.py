"""What axe-core finds on a page: nothing serious or critical may be ours.

axe.min.js is axe-core 4.14.1 as its makers publish it, under the licence beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

from tests.browser import staff

AXE = Path(__file__).parent / "axe.min.js"
RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']});
  return found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .flatMap(v => v.nodes.map(n => [v.id, n.html.slice(0, 300), n.target.join(' ')]));
}"""


Look = Literal["light", "dark"]
LOOKS: tuple[Look, ...] = ("light", "dark")
# Streamlit has put on the look that was asked for.
TURNED = "look => getComputedStyle(document.querySelector('.stApp')).colorScheme === look"


def ours(page: Page) -> list[Any]:
    """What is found in the light and in the dark look: the page turns over as it does when the machine's own does."""
    page.add_script_tag(path=AXE)
    return [(look, *barrier) for look in LOOKS for barrier in _found(page, look)]


def turned(page: Page, look: Look) -> None:
    """Have the machine's own look turn over, and wait until the page has."""
    page.emulate_media(color_scheme=look)
    page.wait_for_function(TURNED, arg=look, timeout=staff.SLOW)
    staff.settled(page)


def _found(page: Page, look: Look) -> list[Any]:
    """What still stands after a moment: on a busy machine a page fades in late, and is pale until then."""
    turned(page, look)
    found = list(page.evaluate(RUN))
    for _look in range(3):
        if found:
            page.wait_for_timeout(2_000)
            found = list(page.evaluate(RUN))
    return found
