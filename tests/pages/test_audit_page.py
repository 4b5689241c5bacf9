"""The Audit page: for administrators, and in plain words."""

from __future__ import annotations

import pytest

from core import database, requests
from core.delivery import alarms
from core.errors import NotAllowed
from core.permissions import Permission
from core.services import access, audit, audit_anchors
from core.tables import audit_about
from core.tables.filters import AuditFilter
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


def test_the_page_says_since_when_it_looked_for_what_was_done_to_one_person(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_about, "ACTS", 1)
    with database.transaction() as db:
        audit.record(db, cast.olga.actor, action="list.exported", people=[cast.sam.person.id or 0])
    page = opener(monkeypatch)(cast.ada.actor, "audit.py")
    assert "looked for back to" not in everything_said(page)
    page.session_state["audit.asked"] = AuditFilter(person_id=cast.sam.person.id)
    page.run()
    assert not page.exception
    assert "looked for back to" in everything_said(page) and "For older acts choose days." in everything_said(page)


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


def test_r95_a_refusal_says_in_plain_words_who_was_refused_where_and_what(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests.begin("campaigns")
    with pytest.raises(NotAllowed), database.reading():
        cast.cora.actor.require(Permission.APPROVE_CAMPAIGNS)
    said = everything_said(opener(monkeypatch)(cast.ada.actor, "audit.py"))
    for words in ("Asked for what is not theirs", "Refused", "the role does not include it"):
        assert words in said
    assert "where: campaigns · permission: approve campaigns" in said


def test_r98_what_was_noticed_stands_on_the_page_with_a_way_to_set_the_address_for_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as db:
        audit.record(db, cast.olga.actor, action="list.exported", details={"count": 501})
    page = opener(monkeypatch)(cast.ada.actor, "audit.py")
    assert "No alert in the last seven days." in everything_said(page)
    assert alarms.look() == 1
    page.run()
    assert [one.value for one in page.error if "took the data of 501 people" in one.value]
    assert "Set an e-mail address for alerts" in everything_said(page)
