"""A campaign whose messages leave well and fail afterwards, one after the other, pauses (R86)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from core import clock as core_clock
from core import database
from core.gateways.channels import Word
from core.models import Campaign, CampaignStatus, Channel, Message, MessageStatus, SchoolSettings
from core.permissions import command_line
from core.rules.bounce_reports import Fate, Report
from core.services import bounces, campaign_moves, delivery_events
from tests.conftest import Clock
from tests.services import text_messages
from tests.services.text_messages import NUMBER

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]
LIMIT = 4


@pytest.fixture(name="campaign_id")
def _campaign_id(database: None, clock: Clock) -> int:
    """Running, with one message that waits."""
    return _campaign(Channel.SMS)


def _campaign(channel: Channel) -> int:
    with database.transaction() as db:
        db.merge(SchoolSettings(id=1, sms_pause_after_failures=LIMIT, pause_after_failures=LIMIT))
        campaign_id = text_messages.campaign(db, channel)
    _messages(campaign_id, channel, 1, status=MessageStatus.QUEUED)
    return campaign_id


def _messages(campaign_id: int, channel: Channel, number: int, *, status: str = MessageStatus.SENT) -> list[str]:
    """Sent one after the other; gives our names for them, which are the provider's too."""
    names = [secrets.token_hex(16) for _ in range(number)]
    with database.transaction() as db:
        for name in names:
            values = {"address": NUMBER, "language": "en", "batch": 0, "claimed_at": core_clock.now()}
            db.add(
                Message(
                    campaign_id=campaign_id, channel=channel, reference=name, provider_id=name, status=status, **values
                )
            )
            db.flush()
    return names


def _hear(names: Sequence[str], status: str, code: str = "") -> None:
    for name in names:
        with database.transaction() as db:
            delivery_events.store(db, channel=Channel.SMS, words=[Word(name, status, code)])
            delivery_events.apply(db)


def _state(campaign_id: int) -> tuple[str, str]:
    with database.reading() as db:
        return db.exec(select(Campaign.status, Campaign.pause_reason).where(Campaign.id == campaign_id)).one()


def test_text_messages_that_the_carrier_filters_pause_their_campaign(campaign_id: int) -> None:
    names = _messages(campaign_id, Channel.SMS, 10)
    _hear(list(reversed(names[:3])), "undelivered", "30007")
    assert _state(campaign_id) == (CampaignStatus.RUNNING, "")
    _hear(names[3:4], "undelivered", "30007")
    status, why = _state(campaign_id)
    assert (status, why.split(":")[0]) == (CampaignStatus.PAUSED, "4 messages in a row failed, the last one")


def test_one_that_arrived_between_them_or_is_still_under_way_keeps_it_running(campaign_id: int) -> None:
    names = _messages(campaign_id, Channel.SMS, 9)
    _hear(names[3:4], "delivered")
    _hear([*names[:3], *names[4:7], names[8]], "undelivered", "30005")
    assert _state(campaign_id)[0] == CampaignStatus.RUNNING
    _hear(names[7:8], "undelivered", "30005")
    assert _state(campaign_id)[0] == CampaignStatus.PAUSED


def test_whoever_resumes_it_knows_of_the_failures_until_then(campaign_id: int, clock: Clock) -> None:
    before = _messages(campaign_id, Channel.SMS, 6)
    _hear(before[:4], "undelivered", "30007")
    clock.forward(minutes=1)
    with database.transaction() as db:
        campaign_moves.resume(db, command_line("test"), campaign_id=campaign_id)
    clock.forward(minutes=1)
    after = _messages(campaign_id, Channel.SMS, 4)
    _hear([*before[4:], *after[:3]], "undelivered", "30007")
    assert _state(campaign_id)[0] == CampaignStatus.RUNNING
    _hear(after[3:], "undelivered", "30007")
    assert _state(campaign_id)[0] == CampaignStatus.PAUSED


def test_a_campaign_that_has_nothing_left_to_send_is_not_paused(campaign_id: int) -> None:
    with database.transaction() as db:
        db.execute(sa.delete(Message).where(col(Message.campaign_id) == campaign_id))
    _hear(_messages(campaign_id, Channel.SMS, 5), "undelivered", "30007")
    assert _state(campaign_id)[0] == CampaignStatus.RUNNING


def test_emails_that_all_come_back_pause_their_campaign(clock: Clock) -> None:
    campaign_id = _campaign(Channel.EMAIL)
    names = _messages(campaign_id, Channel.EMAIL, 10)
    _come_back(names[:3] + names[4:7])
    assert _state(campaign_id)[0] == CampaignStatus.RUNNING, "some always do"
    _come_back(names[3:4])
    assert _state(campaign_id)[0] == CampaignStatus.PAUSED


def _come_back(names: Sequence[str]) -> None:
    with database.transaction() as db:
        bounces.record(db, reports=[Report(name, Fate.FAILED, "5.7.1") for name in names])
