"""Slots share their commits, and a message that is at fault itself fails alone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import clock, config, database
from core.delivery import batches, day_room, turns
from core.models import Message, MessageStatus, SchoolSettings, Wording
from core.rules.delivery_status import Outcome
from core.rules.sending_hours import Hours
from core.services import delivery
from core.services.delivery_claims import Batch, Claim
from core.services.delivery_limits import OUT_OF_HOURS, Wait
from tests.delivery import engine_room
from tests.delivery.engine_room import launch, progress, school
from tests.peers import smtp
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

COLUMNS = "account_id, purpose, uid, kid, token_hash, channel, address, issued_at, expires_at"
A_LINK_OF_102 = (
    "SELECT 102, purpose, 'u', kid, 'h', channel, address, issued_at, expires_at FROM invitation WHERE account_id = 101"
)
SENT = Outcome(MessageStatus.SENT, provider_id="<x@school.example>")


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Behaviour]:
    behaviour = Behaviour()
    with smtp.server(behaviour) as port:
        settings = {"EMAIL": "smtp", "SMTP_URL": f"smtp://127.0.0.1:{port}", "EMAIL_RATE": "2000"}
        for name, value in settings.items():
            monkeypatch.setenv(f"FIRSTKEY_{name}", value)
        config.settings.cache_clear()
        monkeypatch.setattr(batches, "stopping", threading.Event())
        yield behaviour


def opened(campaign_id: int, batch: int) -> Batch:
    with database.transaction() as db:
        found = delivery.open_batch(db, campaign_id=campaign_id, batch=batch)
    assert isinstance(found, Batch)
    return found


def at_once(*visits: tuple[Batch, turns.Mark | None, int | None]) -> list[object]:
    """What slots hear that all came while somebody else was committing."""
    answers: dict[int, object] = {}

    def come(place: int) -> None:
        answers[place] = turns.take(*visits[place])

    threads = [threading.Thread(target=come, args=(place,)) for place in range(len(visits))]
    with turns._counter:
        for thread in threads:
            thread.start()
        while len(turns._waiting) < len(visits):
            threading.Event().wait(0.01)
    for thread in threads:
        thread.join()
    return [answers[place] for place in range(len(visits))]


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many visits each commit served."""
    served: list[int] = []
    really = turns._commit

    def counted(visits: list[turns._Visit]) -> list[turns.Answer]:
        served.append(len(visits))
        return really(visits)

    monkeypatch.setattr(turns, "_commit", counted)
    return served


def test_slots_that_come_together_share_one_commit(commits: list[int], caplog: pytest.LogCaptureFixture) -> None:
    school(300)
    campaign_id = launch()
    open_ones = [opened(campaign_id, number) for number in range(3)]
    first = at_once(*[(batch, None, batch.message_ids[0]) for batch in open_ones])
    marks = [(claim.message_id, SENT) for claim in first if isinstance(claim, Claim)]
    second = at_once(*[(batch, mark, batch.message_ids[1]) for batch, mark in zip(open_ones, marks, strict=True)])
    assert commits == [3, 3]
    assert {claim.message_id for claim in (*first, *second) if isinstance(claim, Claim)} == {1, 2, 101, 102, 201, 202}
    assert progress(campaign_id).counts[MessageStatus.SENT] == progress(campaign_id).counts[MessageStatus.SENDING] == 3
    assert engine_room.invited() == {0: 297, 1: 3}
    tokens = [token for claim in (*first, *second) for token in claim.text.text.split() if "/i/" in token]
    assert len(set(tokens)) == 6
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_one_message_asked_for_by_two_slots_goes_to_one(commits: list[int]) -> None:
    school(3)
    batch = opened(launch(), 0)
    answers = at_once(*[(batch, None, batch.message_ids[0])] * 2)
    with database.reading() as db:
        tries = db.scalar(sa.select(col(Message.attempts)).where(col(Message.id) == batch.message_ids[0]))
    assert (tries, sum(isinstance(answer, Claim) for answer in answers)) == (1, 1)


def test_f17_what_cannot_be_claimed_fails_alone_and_the_others_keep_their_turn() -> None:
    school(300)
    campaign_id = launch()
    open_ones = [opened(campaign_id, number) for number in range(3)]
    first = at_once(*[(batch, None, batch.message_ids[0]) for batch in open_ones])
    with database.transaction() as db:  # from now on the issue of another link of this account breaks a rule
        db.execute(sa.text(f"INSERT INTO invitation ({COLUMNS}) {A_LINK_OF_102}"))
        db.execute(sa.text("CREATE UNIQUE INDEX poison ON invitation (account_id) WHERE account_id IN (101, 102)"))
    marks = [(claim.message_id, SENT) for claim in first if isinstance(claim, Claim)]
    second = at_once(*[(batch, mark, batch.message_ids[1]) for batch, mark in zip(open_ones, marks, strict=True)])
    assert [type(answer) for answer in second] == [Claim, Outcome, Claim]
    assert progress(campaign_id).counts[MessageStatus.SENT] == 3
    assert engine_room.statuses()["person102@mail.example"] is MessageStatus.FAILED


def test_no_day_sees_one_message_more_than_its_limit_however_many_slots_send(sink: Behaviour) -> None:
    school(400)
    campaign_id = launch()
    with database.transaction() as db:
        own = db.get(SchoolSettings, 1)
        assert own is not None
        own.email_per_day = 150
        db.add(own)
    with ThreadPoolExecutor(4) as slots:  # they open their batches while all of the day is left
        rests = list(slots.map(lambda number: batches.send(campaign_id, number), range(4)))
    assert progress(campaign_id).counts == {MessageStatus.SENT: 150, MessageStatus.QUEUED: 250}
    assert len(sink.accepted) == 150
    assert any(rest.deferred for rest in rests)
    assert all(rest.retry_after > 0 for rest in rests if rest.deferred)


def test_what_is_late_waits_for_the_next_day_though_its_batch_began_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    school(3)
    batch, athens = opened(launch(), 0), ZoneInfo("Europe/Athens")
    by_day = replace(batch.limits, hours=Hours(8, 21, athens))
    begun = replace(batch, limits=by_day, next_day=datetime(2026, 11, 26, 8, tzinfo=athens))
    late = Wait(datetime(2026, 11, 25, 8, tzinfo=athens), OUT_OF_HOURS)
    for minute, waits in ((datetime(2026, 11, 24, 20, 59), {}), (datetime(2026, 11, 24, 21, 4), {0: late})):
        now = minute.replace(tzinfo=athens).astimezone(UTC)
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        with database.reading() as db:
            assert day_room.waits_of(db, [begun]) == waits


def test_f15_four_senders_of_one_batch_send_each_message_once(sink: Behaviour) -> None:
    school(60)
    campaign_id = launch()
    with ThreadPoolExecutor(4) as holders:
        list(holders.map(lambda _: batches.send(campaign_id, 0), range(4)))
    arrived = [to for envelope in sink.accepted for to in envelope.rcpt_tos]
    assert sorted(arrived) == sorted(engine_room.statuses())
    assert progress(campaign_id).counts == {MessageStatus.SENT: 60}


def test_f17_a_text_that_cannot_be_written_fails_alone(sink: Behaviour) -> None:
    school(6)
    campaign_id = launch()
    with database.transaction() as db:
        db.execute(sa.update(Wording).where(col(Wording.language) == "el").values(body="Hello {nobody}"))
        db.execute(sa.update(Message).where(col(Message.id) != 3).values(language="en"))
    assert batches.send(campaign_id, 0).deferred == 0
    became = engine_room.statuses()
    assert became.pop("person3@mail.example") is MessageStatus.FAILED
    assert set(became.values()) == {MessageStatus.SENT}
    assert sorted(to for envelope in sink.accepted for to in envelope.rcpt_tos) == sorted(became)
