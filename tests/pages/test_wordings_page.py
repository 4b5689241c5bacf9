"""The texts of messages, as an administrator writes them."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from core import database
from core.models import AuditEntry, Wording
from core.services import wordings
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import button, everything_said


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


@pytest.fixture
def people(cast: Cast) -> Cast:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    return cast


def versions() -> list[Wording]:
    mine = select(Wording).where(Wording.kind == "initial_invitation", Wording.language == "el")
    with database.reading() as db:
        return list(db.exec(mine.order_by(col(Wording.version))))


def test_a_text_is_looked_at_while_it_is_typed_saved_and_set_back(open_screen: screens.Open, people: Cast) -> None:
    page = open_screen(people.ada.actor, "wordings.py")
    assert not page.exception
    assert "Γεια σου Alexandra" in everything_said(page)
    page = page.text_area[0].input("Hello {first_name}: {username}").run()
    assert "must contain {link}" in everything_said(page).replace("\\", "")
    page = page.text_area[0].input("Hello {first_name}: {username} {link}").run()
    assert "Hello Alexandra: apapadopoulou http" in everything_said(page)
    page = button(page, "Save").click().run()
    assert "Saved as version 2" in everything_said(page)
    assert versions()[1].body == "Hello {first_name}: {username} {link}\n"
    page = button(page, "Use the text that came with Firstkey").click().run()
    assert not page.exception
    assert [version.body for version in versions()][2] == versions()[0].body
    with database.reading() as db:
        entries = db.exec(select(AuditEntry).where(AuditEntry.action == "wording.changed")).all()
    assert [entry.details["version"] for entry in entries] == [2, 3]
    assert "Hello" not in str([entry.details for entry in entries])


def test_a_refused_text_changes_nothing_and_says_why(open_screen: screens.Open, people: Cast) -> None:
    page = open_screen(people.ada.actor, "wordings.py")
    page = page.text_area[0].input("{username} {link} http://elsewhere.example").run()
    page = button(page, "Save").click().run()
    assert "nowhere but to the school" in everything_said(page)
    assert len(versions()) == 1
