"""*Needs you*: each button leads to exactly what its entry counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock, database
from core.models import Account, Campaign, CampaignStatus, Message, MessageStatus
from core.rules.needs import WORDS, Need
from core.services import sending_hold
from tests.cast import Cast
from tests.pages import screens
from tests.pages.screens import everything_said


@pytest.fixture(name="open_screen")
def _open_screen(monkeypatch: pytest.MonkeyPatch) -> screens.Open:
    return screens.opener(monkeypatch)


def _campaign(by: str, *, status: CampaignStatus, of_message: MessageStatus) -> int:
    with database.transaction() as db:
        facts = {"kind": "initial_invitation", "channel": "email", "wording_ids": {}, "link_days": 7, "recipients": 1}
        at = clock.now() - timedelta(minutes=1)
        made = Campaign(
            **facts, status=status, idempotency_key=by, launched_by_label=by, launched_at=at, starts_at=at,
            recipients_digest="d",
        )  # fmt: skip
        db.add(made)
        db.flush()
        where = {"channel": "email", "address": f"{by}@mail.example", "language": "en"}
        db.add(Message(campaign_id=made.id or 0, batch=0, reference=by, status=of_message, **where))
        return made.id or 0


def _press(open_screen: screens.Open, cast: Cast, need: Need) -> tuple[dict[str, str], str]:
    """Where the button leads, and what is said there."""
    page = open_screen(cast.olga.actor)
    assert not page.exception
    page.button(key=f"needs.{need}").click().run()
    assert not page.exception
    where = {name: value if isinstance(value, str) else value[0] for name, value in page.query_params.items()}
    return where, everything_said(page)


def test_the_button_of_one_paused_campaign_opens_it(open_screen: screens.Open, cast: Cast) -> None:
    paused = _campaign("Paused", status=CampaignStatus.PAUSED, of_message=MessageStatus.QUEUED)
    _campaign("Done", status=CampaignStatus.RUNNING, of_message=MessageStatus.SENT)
    where, _said = _press(open_screen, cast, Need.PAUSED)
    assert where == {"campaign": str(paused)}


def test_the_button_of_several_opens_a_list_of_those_and_of_no_others(open_screen: screens.Open, cast: Cast) -> None:
    for by, word in (("First", "unknown"), ("Second", "unknown"), ("Done", "sent")):
        _campaign(by, status=CampaignStatus.RUNNING, of_message=MessageStatus(word))
    where, said = _press(open_screen, cast, Need.UNKNOWN)
    assert where == {"need": "unknown"}
    assert "First" in said and "Second" in said and "Done" not in said
    assert f"Only campaigns with {WORDS[Need.UNKNOWN].holds}: 2." in said


def test_the_button_of_held_sending_says_why_and_lists_what_waits(open_screen: screens.Open, cast: Cast) -> None:
    _campaign("Waiting", status=CampaignStatus.RUNNING, of_message=MessageStatus.QUEUED)
    _campaign("Done", status=CampaignStatus.RUNNING, of_message=MessageStatus.SENT)
    with database.transaction() as db:
        sending_hold.begin(db, cast.olga.actor)
    _where, said = _press(open_screen, cast, Need.HELD)
    assert "An administrator lets it go on." in said
    assert "Waiting" in said and "Done" not in said


def test_the_button_of_failed_messages_opens_the_list_of_their_people(open_screen: screens.Open, cast: Cast) -> None:
    with database.transaction() as db:
        sam = db.get_one(Account, cast.sam.account.id)
        sam.delivery, sam.delivery_reason = "failed", "over_limit"
    _where, said = _press(open_screen, cast, Need.FAILED)
    assert "Sam" in said and "Otto" not in said


def test_a_made_up_need_in_the_address_shows_all_campaigns(open_screen: screens.Open, cast: Cast) -> None:
    _campaign("Done", status=CampaignStatus.RUNNING, of_message=MessageStatus.SENT)
    said = everything_said(open_screen(cast.olga.actor, "campaigns.py", need="everything"))
    assert "Done" in said and "Only campaigns" not in said
