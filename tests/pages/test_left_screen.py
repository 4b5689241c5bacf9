"""A session's memory does not grow with what its member of staff has looked at."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.runtime.state import SessionState
from streamlit.testing.v1 import AppTest

from core.errors import SettingsError
from pages.shared import left_screen
from tests.cast import Cast
from tests.pages import fragments, screens
from tests.pages.screens import button


@pytest.fixture(autouse=True)
def _forgetting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a running server does, for this test alone."""
    monkeypatch.setattr(SessionState, "on_script_finished", SessionState.on_script_finished)
    left_screen.forget_widgets()


def test_after_many_searches_a_session_knows_no_more_widgets_than_after_a_few(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = screens.opener(monkeypatch)(cast.olga.actor, "students.py")
    known = list[int]()
    for place in range(12):
        page.text_input[0].input(("otto", "ada", "")[place % 3])
        page = button(page, "Search").click().run()
        known.append(_number_known(page))
    assert max(known[6:]) <= max(known[3:6])
    assert known[-1] < 2 * len(_on_screen(page)), "what the last search has replaced is still known"
    assert len([name for name in _on_screen(page) if ".table." in name and not name.endswith(".open")]) == 1


def test_what_a_part_within_a_part_has_replaced_is_forgotten_too(monkeypatch: pytest.MonkeyPatch) -> None:
    page = AppTest.from_string(PARTS).run()
    for _ in range(7):
        page = fragments.outermost(page, monkeypatch)
    assert len(_on_screen(page)) == 1
    assert _number_known(page) == 2, "and the one that was replaced last"


def test_the_key_of_a_widget_is_forgotten_with_it() -> None:
    page = AppTest.from_string(NUMBERED).run()
    for _ in range(7):
        page = page.button[0].click().run()
    names = _state(page)._key_id_mapper
    assert len(names._key_id_mapping) == len(names._id_key_mapping) <= 3


def test_the_start_refuses_a_streamlit_that_keeps_its_widgets_in_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SessionState, "on_script_finished", lambda *_said: None)
    monkeypatch.delattr(left_screen.SessionState, "__init__")
    with pytest.raises(SettingsError, match="another version"):
        left_screen.forget_widgets()


def test_a_click_on_what_was_just_replaced_still_finds_whom_it_meant() -> None:
    page = AppTest.from_string(NUMBERED).run()
    replaced = page.button[0]
    page = replaced.click().run()
    assert replaced.proto.id in _state(page)._new_widget_state.widget_metadata


NUMBERED = """
import streamlit as st

number = st.session_state.setdefault("number", 0)
st.session_state["number"] = number + 1
st.button("Next", key=f"next.{number}")
"""


PARTS = """
import streamlit as st

@st.fragment
def outer():
    inner()

@st.fragment
def inner():
    number = st.session_state.setdefault("number", 0)
    st.session_state["number"] = number + 1
    st.button("Next", key=f"next.{number}")

outer()
"""


def _number_known(page: AppTest) -> int:
    return len(_state(page)._new_widget_state.widget_metadata)


def _on_screen(page: AppTest) -> set[str]:
    """Widgets that have a value."""
    state = _state(page)
    return {name for name in {*state._old_state, *state._new_widget_state.states} if name.startswith("$$ID-")}


def _state(page: AppTest) -> Any:
    """Two wrappers hide it: both take every name for a key."""
    return vars(vars(page.session_state)["_state"])["_state"]
