"""What the audit learns of the staff pages: whose card was looked at, and what was refused (R95, T11)."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core import database
from core.models import AuditEntry
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import everything_said


def _entries(action: str) -> list[tuple[int | None, str, int | None]]:
    with database.reading() as db:
        found = db.exec(select(AuditEntry).where(AuditEntry.action == action).order_by("seq"))
        return [(entry.account_id, entry.object_kind, entry.object_id) for entry in found]


def test_r95_a_card_with_contacts_is_noted_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ = screens.opener(monkeypatch)
    page = open_(cast.olga.actor, "student.py", id=str(cast.sam.person.id))
    page.run()
    open_(cast.olga.actor, "account.py", id=str(cast.sam.account.id))
    open_(cast.olga.actor, "account.py", id=str(cast.gina.account.id))
    olga = cast.olga.account.id
    assert _entries("card.viewed") == [(olga, "person", cast.sam.person.id), (olga, "person", cast.gina.person.id)]


def test_a_card_with_masked_contacts_is_not(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = screens.opener(monkeypatch)(cast.tom.actor, "student.py", id=str(cast.sam.person.id))
    assert "Sideris" in everything_said(page)
    assert _entries("card.viewed") == []


def test_r95_whoever_asks_for_somebody_out_of_scope_is_noted(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ = screens.opener(monkeypatch)
    page = open_(cast.tom.actor, "student.py", id=str(cast.otto.person.id))
    assert "There is no such student" in everything_said(page)
    open_(cast.cora.actor, "account.py", id=str(cast.otto.account.id))
    open_(cast.tom.actor, "student.py", id="4711")  # nobody has this id: no denial
    assert _entries("access.refused") == [
        (cast.tom.account.id, "person", cast.otto.person.id),
        (cast.cora.account.id, "account", cast.otto.account.id),
    ]


def test_r95_a_refusal_of_the_role_is_noted(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.shared import card_account

    chosen = ["Copy link"]
    monkeypatch.setattr(card_account.st, "menu_button", lambda *_args, **_more: chosen[0])
    page = screens.opener(monkeypatch)(cast.olga.actor, "account.py", id=str(cast.ada.account.id))
    screens.button(page, "Make a new link").click()
    page.run()
    assert "belongs to a member of staff" in " ".join(error.value for error in page.error)
    assert _entries("access.refused") == [(cast.olga.account.id, "account", cast.ada.account.id)]
