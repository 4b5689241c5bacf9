"""*Add/Edit e-mail*: what is saved is based on what was seen when typing began."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Person
from core.services import people
from pages.shared import guard
from tests.cast import Cast
from tests.conftest import Clock
from tests.pages.screens import button


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "look_up", lambda: st.session_state["actor"])


def _screen(account_id: int) -> None:
    import streamlit as st

    from pages.shared import feedback, person_form

    feedback.said()
    person_form.change_email(st.session_state["actor"], account_id)


def _window(cast: Cast) -> AppTest:
    page = AppTest.from_function(_screen, default_timeout=30, args=(cast.gina.account.id,))
    page.session_state["actor"] = cast.olga.actor
    return page.run()


def _by_ada(cast: Cast, email: str) -> None:
    with database.transaction() as db:
        seen = db.get_one(Person, cast.gina.person.id).updated_at
        people.change_email(db, cast.ada.actor, account_id=cast.gina.account.id or 0, seen=seen, email=email)


def _now(cast: Cast) -> str:
    with database.reading() as db:
        return db.get_one(Person, cast.gina.person.id).contact_email


def test_an_address_is_saved(cast: Cast) -> None:
    page = _window(cast)
    page.text_input[0].set_value("new@mail.example")
    button(page, "Save e-mail").click()
    page.run()
    assert _now(cast) == "new@mail.example"
    assert "The e-mail was saved." in page.success[0].value.replace("\\", "")


def test_r23_somebody_elses_change_is_never_overwritten_unseen(cast: Cast, clock: Clock) -> None:
    page = _window(cast)
    page.text_input[0].set_value("typed.by.olga@mail.example")
    page.run()
    clock.forward(seconds=1)
    _by_ada(cast, "new.by.ada@mail.example")
    page.run()
    button(page, "Save e-mail").click()
    page.run()
    assert "Somebody else saved this person" in page.error[0].value
    assert _now(cast) == "new.by.ada@mail.example"
    page.run()
    assert page.text_input[0].value == "new.by.ada@mail.example"  # looked at anew, it can be changed
    page.text_input[0].set_value("typed.again@mail.example")
    button(page, "Save e-mail").click()
    page.run()
    assert _now(cast) == "typed.again@mail.example"


def test_a_window_in_which_nothing_was_typed_shows_what_is_there_now(cast: Cast, clock: Clock) -> None:
    page = _window(cast)
    clock.forward(seconds=1)
    _by_ada(cast, "new.by.ada@mail.example")
    page.run()
    assert page.text_input[0].value == "new.by.ada@mail.example"
