"""Windows stay open while the world moves: each press asks anew who is here, and what they may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core import database
from core.models import Account, Person
from core.permissions import Actor, Role, Scope
from core.services import initial_passwords
from pages.shared import guard
from tests.cast import Cast
from tests.pages import fragments, screens
from tests.pages.test_credentials_dialog import everything_said

OTHERS: dict[str, Callable[[Actor], Actor | None]] = {
    "signed out": lambda _actor: None,
    "demoted": lambda actor: replace(actor, roles=frozenset({Role.COORDINATOR})),
    "no staff any more": lambda actor: replace(actor, roles=frozenset({Role.GUARDIAN})),
    "of other classes": lambda actor: replace(actor, scope=Scope(False, frozenset({99}))),
    "somebody else": lambda actor: replace(actor, account_id=4711),
}


def _card(cast: Cast, monkeypatch: pytest.MonkeyPatch, act: str) -> AppTest:
    """The card of Gina's account with a window of its menu open, for the office."""
    from pages.shared import card_account

    chosen = [act]
    monkeypatch.setattr(card_account.st, "menu_button", lambda *_args, **_more: chosen.pop() if chosen else None)
    return screens.opener(monkeypatch)(cast.olga.actor, "account.py", id=str(cast.gina.account.id))


@pytest.fixture
def password(cast: Cast) -> str:
    """Gina's live initial password."""
    with database.transaction() as db:
        initial_passwords.issue(db, cast.ada.actor, account_id=cast.gina.account.id, expected=1)
        shown = initial_passwords.reveal(db, cast.ada.actor, account_id=cast.gina.account.id or 0)
    assert shown is not None
    return shown.password


def test_a_window_does_its_work_for_whom_it_was_drawn(
    cast: Cast, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = fragments.press(_card(cast, monkeypatch, "Show initial password"), "Show it", monkeypatch)
    assert [code.value for code in page.code] == [password]


@pytest.mark.parametrize("now", OTHERS)
def test_r36_r37_an_open_window_shows_nothing_to_whoever_is_not_that_any_more(
    cast: Cast, password: str, monkeypatch: pytest.MonkeyPatch, now: str
) -> None:
    page = _card(cast, monkeypatch, "Show initial password")
    monkeypatch.setattr(guard, "look_up", lambda: OTHERS[now](cast.olga.actor))
    page = fragments.press(page, "Show it", monkeypatch)
    assert password not in everything_said(page)
    assert not page.code
    if now in ("signed out", "no staff any more"):
        assert "Your session has ended" in everything_said(page)
        assert "Sider" not in everything_said(page)  # nothing stays of what was there


@pytest.mark.parametrize("now", OTHERS)
def test_r36_r37_an_open_window_does_nothing_for_whoever_is_not_that_any_more(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, now: str
) -> None:
    page = _card(cast, monkeypatch, "Deactivate")
    monkeypatch.setattr(guard, "look_up", lambda: OTHERS[now](cast.olga.actor))
    fragments.press(page, "Deactivate 1 account", monkeypatch)
    with database.reading() as db:
        assert db.get_one(Account, cast.gina.account.id).deactivated_at is None


def test_r37_a_form_of_a_card_saves_nothing_after_the_session_has_ended(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = screens.opener(monkeypatch)(cast.olga.actor, "student.py", id=str(cast.sam.person.id))
    next(field for field in page.text_input if field.label == "Last name").set_value("Changed")
    monkeypatch.setattr(guard, "look_up", lambda: None)
    page = fragments.press(page, "Save", monkeypatch)
    assert "Your session has ended" in everything_said(page)
    with database.reading() as db:
        assert db.get_one(Person, cast.sam.person.id).last_name == "Sideris"


def test_r37_the_next_full_run_of_an_ended_session_is_empty(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = screens.opener(monkeypatch)(cast.olga.actor, "account.py", id=str(cast.gina.account.id))
    assert "Sider" in everything_said(page)
    monkeypatch.setattr(guard, "look_up", lambda: None)
    assert "Your session has ended" in everything_said(page.run())
    assert "Sider" not in everything_said(page)
