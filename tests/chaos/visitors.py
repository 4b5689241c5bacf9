"""Somebody who opens a page again and again while things break, and remembers how long there was none."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.peers.nginx import Front


class Visitor(threading.Thread):
    """Each page in a browser of its own. `longest_without_s`: from one page that came to the next that did, or to the
    end where none came any more.
    """

    def __init__(self, front: Front) -> None:
        super().__init__(daemon=True)
        self.front, self.over = front, threading.Event()
        self.wrong, self.longest_without_s, self.pages = list[str](), 0.0, 0

    def run(self) -> None:
        trusted = ssl.create_default_context(cafile=str(self.front.folder / "fullchain.pem"))
        came = time.monotonic()
        while not self.over.wait(0.1):
            try:
                status = httpx.get(f"{self.front.url}/sign-in", verify=trusted, timeout=30).status_code
            except httpx.HTTPError as error:
                self.wrong.append(type(error).__name__)
                continue
            if status != 200:
                self.wrong.append(str(status))
                continue
            self.longest_without_s = max(self.longest_without_s, time.monotonic() - came)
            self.pages, came = self.pages + 1, time.monotonic()
        self.longest_without_s = max(self.longest_without_s, time.monotonic() - came)


@contextmanager
def visiting(front: Front) -> Iterator[Visitor]:
    """Until the end of the block, and one page more, which comes."""
    visitor = Visitor(front)
    visitor.start()
    yield visitor
    seen = visitor.pages
    end = time.monotonic() + 30
    while visitor.pages == seen and time.monotonic() < end:
        time.sleep(0.05)
    assert visitor.pages > seen, f"no page for {time.monotonic() - end + 30:.0f} s: {visitor.wrong[-3:]}"
    visitor.over.set()
    visitor.join(60)
