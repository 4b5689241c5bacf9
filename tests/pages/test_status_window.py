"""*Change the status*: the window beside the cross of *Why can't they sign in?*"""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Person
from pages.shared import guard
from tests.cast import Cast
from tests.pages.screens import button, everything_said


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "look_up", lambda: st.session_state["actor"])


def _screen(account_id: int) -> None:
    import streamlit as st

    from pages.shared import feedback, status_dialog

    feedback.said()
    status_dialog.change(st.session_state["actor"], account_id)


def _window(cast: Cast, actor: object) -> AppTest:
    page = AppTest.from_function(_screen, default_timeout=30, args=(cast.gina.account.id,))
    page.session_state["actor"] = actor
    return page.run()


def _now(cast: Cast) -> str:
    with database.reading() as db:
        return db.get_one(Person, cast.gina.person.id).status


def test_another_status_is_stored(cast: Cast) -> None:
    page = _window(cast, cast.olga.actor)
    assert page.selectbox[0].value == "active" and button(page, "Save status").disabled
    page.selectbox[0].set_value("inactive")
    page.run()
    button(page, "Save status").click()
    page.run()
    assert _now(cast) == "inactive"
    assert "The status is" in everything_said(page)


def test_nobody_opens_it_who_may_not_edit_people(cast: Cast) -> None:
    page = _window(cast, cast.cora.actor)
    assert not page.selectbox
    assert _now(cast) == "active"
