"""What of a list is drawn anew by what somebody does: a search draws no form, a page turn no views."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.permissions import Actor
from pages.shared import filters, guard, guarded, noted, picker, views
from tests.cast import Cast
from tests.pages import fragments, screens
from tests.pages.screens import button

ONLY = guarded.only
PART = """
from core.permissions import Permission
from pages.shared import guard, guarded

guarded.fragment(Permission.SEE_STUDENTS, run_every={every})(lambda _actor: None)(guard.look_up())
"""


class Drawn:
    """Which parts of the page were drawn since it was last asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._parts = list[str]()
        for part, module, name in (("form", filters, "draw"), ("views", views, "draw"), ("rows", picker, "look")):
            monkeypatch.setattr(module, name, self._noting(part, getattr(module, name)))

    def parts(self) -> set[str]:
        found, self._parts = set(self._parts), list[str]()
        return found

    def _noting(self, part: str, draw: Any) -> Any:
        def noted(*args: Any, **named: Any) -> Any:
            self._parts.append(part)
            return draw(*args, **named)

        return noted


@pytest.fixture(name="page")
def _page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The Students List for the office, whose buttons draw what they draw in a browser."""
    page = screens.opener(monkeypatch)(cast.olga.actor, "students.py")
    monkeypatch.setattr(guarded, "only", ONLY)
    return page


def test_a_search_draws_what_it_found_and_no_form(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page.text_input[0].input("otto")
    drawn = Drawn(monkeypatch)
    page = button(page, "Search").click().run()
    assert drawn.parts() == {"views", "rows"}
    assert list(page.dataframe[0].value["Name"]) == ["Other Otto"]


def test_a_search_in_another_year_draws_the_form_too(
    page: AppTest, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = button(page, "More filters").click().run()
    next(field for field in page.selectbox if field.label == "Academic year").select(cast.period.id)
    drawn = Drawn(monkeypatch)
    button(page, "Search").click().run()
    assert drawn.parts() == {"form", "views", "rows"}


def test_clear_draws_the_form_and_what_is_found(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Drawn(monkeypatch)
    page = button(page, "Clear").click().run()
    assert drawn.parts() == {"form", "views", "rows"}
    assert page.text_input[0].value == ""


def test_the_session_is_looked_up_once_for_a_whole_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = screens.opener(monkeypatch)(cast.olga.actor, "students.py")
    asked = list[int]()

    def look_up() -> Actor:
        asked.append(1)
        return cast.olga.actor

    monkeypatch.setattr(guard, "look_up", look_up)
    page.run()
    assert len(asked) == 1


def test_r36_the_rows_of_a_list_are_gone_after_the_session_has_ended(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "look_up", lambda: None)
    page = fragments.press(page, "Tick page", monkeypatch)
    assert "Your session has ended" in screens.everything_said(page)
    assert not page.dataframe


@pytest.mark.parametrize(("every", "uses"), [(None, 1), (1.0, 0)])
def test_r36_only_a_part_that_somebody_draws_by_hand_counts_as_use(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, every: float | None, uses: int
) -> None:
    used = list[Actor]()
    monkeypatch.setattr(guard, "look_up", lambda: cast.olga.actor)
    monkeypatch.setattr(noted, "use", used.append)
    page = AppTest.from_string(PART.format(every=every), default_timeout=30).run()
    assert not page.exception
    assert len(used) == uses
