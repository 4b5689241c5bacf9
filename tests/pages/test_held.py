"""All sending is held: who may stop it, who may say Go, what the page says about a restored backup."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import clock as core_clock
from core import database
from core.delivery import engine
from core.models import Message, MessageStatus, SendingHold
from core.services import campaign_moves, campaigns, sending_hold, wordings
from core.services.campaigns import Draft
from core.tables import campaigns as campaigns_table
from core.tables import sending_hold as table
from core.tables.filters import AccountFilter
from pages.shared import campaign_progress
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import button, everything_said

ALL = Draft(filter=AccountFilter(user_types=("student",)))


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    monkeypatch.setattr(engine, "start", lambda *_campaigns: None)
    return screens.opener(monkeypatch)


def _campaign(cast: Cast) -> int:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        seen = campaigns.check(db, cast.ada.actor, draft=ALL).fingerprint
        return campaigns.launch(db, cast.ada.actor, draft=ALL, seen=seen, idempotency_key=seen).id or 0


def _restored(cast: Cast) -> None:
    """Three messages wait in a school that was restored a moment ago."""
    _campaign(cast)
    with database.transaction() as db:
        now = core_clock.now()
        db.add(SendingHold(since=now + timedelta(hours=1), by_label="restore", restored_from=now))


def test_the_office_stops_all_sending_and_only_an_administrator_lets_it_go_on(
    open_screen: screens.Open, cast: Cast
) -> None:
    page = open_screen(cast.olga.actor, "campaigns.py")
    page = button(page, "Hold it now").click().run()
    said = everything_said(page)
    assert "All sending is held." in said and "An administrator lets it go on." in said
    assert "Go" not in [each.label for each in page.button]
    assert "All sending is held." in everything_said(open_screen(cast.olga.actor, "status.py"))
    page = open_screen(cast.ada.actor, "campaigns.py")
    page = button(page, "Go").click().run()
    assert "Sending goes on." in everything_said(page)
    with database.reading() as db:
        assert table.read(db) is None


def test_a_restored_school_says_what_is_in_doubt_and_go_sends_none_of_it(open_screen: screens.Open, cast: Cast) -> None:
    _restored(cast)
    page = open_screen(cast.ada.actor, "campaigns.py")
    said = everything_said(page)
    assert "3 messages waited when the backup was made" in said and "was restored on" in said
    page = button(page, "Go").click().run()
    assert "You decide about what waited in the backup" in everything_said(page)
    with database.reading() as db:
        assert set(db.scalars(sa.select(Message.status))) == {MessageStatus.UNKNOWN}  # type: ignore[call-overload]


def test_the_page_of_a_campaign_promises_nothing_while_all_sending_is_held(
    open_screen: screens.Open, cast: Cast
) -> None:
    campaign_id = _campaign(cast)
    with database.transaction() as db:
        sending_hold.begin(db, cast.olga.actor)
    page = open_screen(cast.olga.actor, "campaigns.py", campaign=str(campaign_id))
    said = everything_said(page)
    assert "nothing leaves until an administrator says" in said
    assert "you may close this page" not in said and "The first message leaves" not in said
    with database.transaction() as db:
        campaign_moves.pause(db, cast.olga.actor, campaign_id=campaign_id)
    page = open_screen(cast.olga.actor, "campaigns.py", campaign=str(campaign_id))
    page = button(page, "Resume").click().run()
    assert "Sending goes on." not in everything_said(page) and "Resumed." in everything_said(page)
    with database.transaction() as db:
        unknown = sa.update(Message).values(status=MessageStatus.UNKNOWN)
        db.execute(unknown.where(col(Message.campaign_id) == campaign_id))
    page = open_screen(cast.olga.actor, "campaigns.py", campaign=str(campaign_id))
    page = button(page, "Send all 3 again").click().run()
    assert "3 will be sent again." in everything_said(page)


def test_whoever_waits_at_a_paused_campaign_sees_what_others_decide(cast: Cast) -> None:
    campaign_id = _campaign(cast)
    with database.transaction() as db:
        campaign_moves.pause(db, cast.olga.actor, campaign_id=campaign_id)
    with database.reading() as db:
        paused = campaigns_table.progress(db, cast.olga.actor, campaign_id=campaign_id)
    asked = replace(paused, needs_approval=True)
    every = campaign_progress._every
    assert every(cast.olga.actor, paused) == every(cast.olga.actor, asked) == campaign_progress.LISTENS_EVERY_S
    assert every(cast.ada.actor, replace(asked, launched_by_me=False)) is None, "nothing moves under a code being typed"


@pytest.mark.both_databases
def test_a_campaign_that_is_due_later_is_not_in_doubt(cast: Cast) -> None:
    _restored(cast)
    with database.transaction() as db:
        db.execute(sa.text("UPDATE campaign SET starts_at = :later"), {"later": "2100-01-01 00:00:00+00"})
        assert sending_hold.release(db, cast.ada.actor) == 0
