"""What axe-core finds on a page: nothing serious or critical may be ours.

axe.min.js is axe-core 4.14.1 as its makers publish it, under the licence beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parent / "axe.min.js"
RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']});
  return found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .flatMap(v => v.nodes.map(n => [v.id, n.html.slice(0, 300), n.target.join(' ')]));
}"""


def ours(page: Page) -> list[Any]:
    """What still stands after a moment: on a busy machine a page fades in late, and is pale until then."""
    page.add_script_tag(path=AXE)
    found = list(page.evaluate(RUN))
    for _look in range(3):
        if found:
            page.wait_for_timeout(2_000)
            found = list(page.evaluate(RUN))
    return found
