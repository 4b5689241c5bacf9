"""Presses a button of a window as a browser does: the page does not run again, only windows and fragments do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from tests.pages.screens import button


def press(page: AppTest, label: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The same with a button pressed; AppTest by itself runs the whole page."""
    button(page, label).click()
    return alone(page, monkeypatch)


def alone(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Run the windows and fragments and nothing else, as after an answer within one of them."""
    return _of(list(vars(page._fragment_storage)["_fragments"]), page, monkeypatch)


def outermost(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Run the first fragment, which draws those within it."""
    return _of(list(vars(page._fragment_storage)["_fragments"])[:1], page, monkeypatch)


def _of(drawn: list[str], page: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    def of_them(runner: Any, data: Any) -> bool:
        runner._requests._rerun_data = replace(data, fragment_id_queue=drawn)
        return True

    with monkeypatch.context() as patch:
        patch.setattr(LocalScriptRunner, "request_rerun", of_them)
        return page.run()
