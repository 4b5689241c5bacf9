"""The run of a day through the engine: queued once, sent, and not made again after a restart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select

from core import clock as core_clock
from core import config, database
from core.delivery import engine, workflows
from core.models import Account, Campaign, Invitation, SchoolSettings
from core.services import invitations
from tests.conftest import Clock
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, wait_until
from tests.peers import smtp
from tests.peers.smtp import Behaviour

pytestmark = pytest.mark.both_databases
PEOPLE = 120  # two batches


@pytest.fixture
def sink(database: None, database_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behaviour]:
    """A mail server, and people who were invited a week ago and have not answered."""
    behaviour = Behaviour()
    with smtp.server(behaviour) as behaviour.port:
        monkeypatch.setenv("FIRSTKEY_EMAIL", "smtp")
        monkeypatch.setenv("FIRSTKEY_SMTP_URL", f"smtp://127.0.0.1:{behaviour.port}")
        monkeypatch.setenv("FIRSTKEY_EMAIL_RATE", "2000")
        if database_url.startswith("postgresql"):
            monkeypatch.setenv("FIRSTKEY_ENGINE_URL", database_url.replace("+psycopg", ""))
        config.settings.cache_clear()
        monkeypatch.setattr(engine, "LOOK_AROUND_EVERY_S", 0.3)
        _invited_a_week_ago()
        yield behaviour
        engine.shutdown()


def _invited_a_week_ago() -> None:
    engine_room.school(PEOPLE)
    at = core_clock.now() - timedelta(days=7)
    with database.transaction() as db:
        for account_id in range(1, PEOPLE + 1):
            invitations.issue_link(db, account_id=account_id, channel="email", address="a@mail.example", days=7)
        db.execute(sa.update(Invitation).values(issued_at=at, expires_at=at + timedelta(days=7)))
        db.execute(sa.update(Account).values(invited_at=at, invitation_ends_at=at + timedelta(days=7)))
        db.execute(sa.update(SchoolSettings).values(reminders=True))


def campaigns() -> list[int]:
    with database.reading() as db:
        return [number or 0 for number in db.exec(select(Campaign.id))]


def _wait_for_a_campaign() -> int:
    pause = threading.Event()
    for _ in range(600):
        if found := campaigns():
            return found[0]
        pause.wait(0.05)
    raise AssertionError("no campaign was launched")


def test_the_engine_makes_the_run_of_the_day_once_also_after_a_restart(sink: Behaviour) -> None:
    engine_room.start_engine()
    campaign_id = _wait_for_a_campaign()
    wait_until(campaign_id, finished)
    assert len({to for envelope in sink.accepted for to in envelope.rcpt_tos}) == len(sink.accepted) == PEOPLE
    engine.shutdown()
    with database.transaction() as db:
        db.execute(sa.text("DELETE FROM delivery_job"))  # it looks at once, and does not wait five minutes
    engine_room.start_engine()
    assert workflows.enqueue_reminders() == 0
    assert campaigns() == [campaign_id]
    assert len(sink.accepted) == PEOPLE


def test_a_run_that_was_queued_twice_is_made_once(sink: Behaviour) -> None:
    engine_room.start_engine(deliver=False)
    assert (workflows.enqueue_reminders(), workflows.enqueue_reminders()) == (1, 1)
    assert campaigns() == []  # this process only queues
    engine.shutdown()
    engine_room.start_engine()
    wait_until(_wait_for_a_campaign(), finished)
    assert len(sink.accepted) == PEOPLE
    assert len(campaigns()) == 1
