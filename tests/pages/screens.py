"""Opens screens as somebody: AppTest runs the router, so what a role may not open is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.config import ROOT
from core.permissions import Actor
from pages.shared import guard, guarded

Open = Callable[..., AppTest]
# AppTest looks through all installed packages at each run, a server once: a quarter of the time of these tests.
manifest_scanner.scan_component_manifests = lru_cache(manifest_scanner.scan_component_manifests)


def opener(monkeypatch: pytest.MonkeyPatch) -> Open:
    """`open(actor, "students.py", state="ready")`. AppTest's cookies always answer, so the look-up is patched."""

    def opened(actor: Actor | None, screen: str = "", **query: str) -> AppTest:
        monkeypatch.setattr(guard, "look_up", lambda: actor)
        monkeypatch.setattr(guarded, "only", lambda *_keys: None)  # AppTest runs the whole page
        page = AppTest.from_file(str(ROOT / "pages" / "navigation.py"), default_timeout=30)
        if screen:
            page.switch_page(screen)
        for name, value in query.items():
            page.query_params[name] = value
        return page.run()

    return opened


def everything_said(page: AppTest) -> str:
    """All texts, labels and cells of a screen."""
    elements: list[Any] = [*page.main, *page.sidebar]
    return " ".join(_words(elements))


def _words(elements: Iterable[Any]) -> Iterable[str]:
    for element in elements:
        if hasattr(element, "children"):
            yield from _words(element.children.values())
        frame = getattr(element, "value", "")
        yield frame.to_string() if hasattr(frame, "to_string") else str(frame)
        yield str(getattr(element, "label", ""))
        yield str(getattr(element, "proto", ""))


def button(page: AppTest, label: str) -> Any:
    return next(found for found in page.button if found.label == label)
