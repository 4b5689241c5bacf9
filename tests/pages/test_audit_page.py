"""The Audit page: for administrators, and in plain words."""

from __future__ import annotations

import pytest

from core import database
from core.services import access, audit_anchors
from tests.cast import Cast
from tests.pages.screens import button, everything_said, opener


def test_the_page_says_who_opened_whose_card(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as db:
        access.note_look(db, cast.olga.actor, person_id=cast.sam.person.id or 0)
    page = opener(monkeypatch)(cast.ada.actor, "audit.py")
    assert not page.exception
    said = everything_said(page)
    for words in ("Orlova Olga", "Opened the card with contacts", "Sideris Sam"):
        assert words in said


def test_r99_the_check_gives_a_plain_verdict(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as db:
        access.note_look(db, cast.olga.actor, person_id=cast.sam.person.id or 0)
    page = opener(monkeypatch)(cast.ada.actor, "audit.py")
    button(page, "Check the audit").click().run()
    assert not page.exception
    assert "so a cut at its end would not show. Entries that fit each other: 1." in everything_said(page)
    with database.reading() as db:
        audit_anchors.drop(db)
    button(page, "Check the audit").click().run()
    assert "All 2 entries are unbroken." in everything_said(page)


def test_r104_the_question_of_a_breach_is_answered_in_one_form(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as db:
        access.note_look(db, cast.olga.actor, person_id=cast.sam.person.id or 0)
    page = opener(monkeypatch)(cast.ada.actor, "audit.py")
    page.session_state["audit.whom"] = {cast.sam.person.id: "Sam Sideris"}
    button(page, "Find out").click().run()
    assert not page.exception
    assert "1 act by 1 person, about 1 person" in everything_said(page)
