"""The window that changes how a guardian answers for a student."""

from __future__ import annotations

import pytest
import streamlit as st
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Guardianship
from pages.shared import guard
from tests.cast import Cast
from tests.pages.test_credentials_dialog import everything_said


@pytest.fixture(autouse=True)
def _signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "look_up", lambda: st.session_state["actor"])


def _ours(cast: Cast) -> Guardianship:
    with database.reading() as db:
        return db.exec(select(Guardianship).where(Guardianship.student_id == cast.sam.person.id)).one()


def _window(cast: Cast) -> AppTest:
    def screen(actor: object, guardianship_id: int) -> None:
        from pages.shared import feedback, guardian_form

        feedback.said()
        guardian_form.change(actor, guardianship_id)  # type: ignore[arg-type]

    page = AppTest.from_function(screen, default_timeout=30, args=(cast.olga.actor, _ours(cast).id))
    page.session_state["actor"] = cast.olga.actor
    return page.run()


def _save(page: AppTest) -> AppTest:
    next(button for button in page.button if button.label == "Save").click()
    return page.run()


def test_it_shows_what_holds_and_stores_what_is_chosen(cast: Cast) -> None:
    page, before = _window(cast), _ours(cast)
    assert f"How Gina {cast.gina.person.last_name} answers for Sam Sideris." in everything_said(page)
    assert (page.selectbox[0].value, page.number_input[0].value) == (before.relation, before.priority)
    page.number_input[0].set_value(3)
    page.checkbox[1].uncheck()
    page = _save(page.run())
    assert "The guardianship is changed." in everything_said(page)
    after = _ours(cast)
    assert (after.priority, after.may_email, after.may_sms) == (3, True, False)
    assert after.relation == before.relation


def test_it_changes_nothing_over_somebody_elses_change(cast: Cast) -> None:
    page = _window(cast)
    page.number_input[0].set_value(3)
    page.run()
    with database.transaction() as db:
        known = db.get_one(Guardianship, _ours(cast).id)
        known.relation = "Stepmother"
        db.add(known)
    page = _save(page)
    assert "Somebody else changed or ended this link since you looked" in everything_said(page)
    assert (_ours(cast).relation, _ours(cast).priority) == ("Stepmother", 1)


def test_one_letter_finds_nobody_and_says_that_two_are_needed(cast: Cast) -> None:
    def screen(actor: object, student_id: int) -> None:
        from pages.shared import guardian_form

        guardian_form.link(actor, student_id)  # type: ignore[arg-type]

    page = AppTest.from_function(screen, default_timeout=30, args=(cast.olga.actor, cast.otto.person.id))
    page.session_state["actor"] = cast.olga.actor
    page.run().text_input[0].input("G")
    assert "Two letters are needed" in everything_said(page.run())
    page.text_input[0].input("Gi")
    assert "Siderí" in everything_said(page.run())
