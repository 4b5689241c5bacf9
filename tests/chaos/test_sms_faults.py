"""A provider of text messages that fails in every way, some people each: each outcome is right, nobody twice."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from sqlmodel import select

from core import database
from core.delivery import batches, breaker, engine, workflows
from core.gateways import twilio_sms
from core.models import Message, MessageStatus
from tests.chaos import law
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, progress, wait_until
from tests.peers import twilio_faults

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

PEOPLE = 60
TAKEN_OR_NOT = ("broken", "html", "slow", "reset", "half")  # nobody can know: never sent again by itself
PUT_OFF = (["busy"], ["busy", "busy"], ["busy", "half"])


def test_f7_f8_each_fault_of_a_provider_ends_as_it_should(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setattr(twilio_sms, "READ_S", 0.3)
    monkeypatch.setenv("FIRSTKEY_SMS_REST_SECONDS", "0.1")
    monkeypatch.setattr(workflows, "wait_before", lambda _attempt: 0.1)
    breaker.of.cache_clear()
    with twilio_faults.running() as twilio:
        twilio.retry_after = "0.2"
        law.use(monkeypatch, database_url, **law.by_twilio(twilio.url, per_second=200))
        engine_room.school(PEOPLE)
        everybody = law.mobiles()
        people = iter(sorted(everybody))
        unclear = {next(people): [fault] for fault in TAKEN_OR_NOT}
        later = {next(people): list(faults) for faults in PUT_OFF}
        twilio.planned = {number: list(faults) for number, faults in (unclear | later).items()}
        campaign_id = engine_room.launch(draft=law.CREDENTIALS)
        engine_room.start_engine()
        try:
            wait_until(campaign_id, finished)
        finally:
            engine.shutdown()
    unknown = law.holds(Counter(message["To"] for message in twilio.taken), everybody, campaign_id)
    assert unknown == unclear.keys() | {number for number, faults in later.items() if "half" in faults}
    assert progress(campaign_id).counts == {
        MessageStatus.SENT: PEOPLE - len(unknown),
        MessageStatus.UNKNOWN: len(unknown),
    }


@pytest.mark.parametrize("seconds", [1, 120])
def test_f7_a_provider_that_asks_to_wait_is_left_alone_by_every_slot(
    monkeypatch: pytest.MonkeyPatch, database_url: str, seconds: int
) -> None:
    with twilio_faults.running() as twilio:
        twilio.retry_after = str(seconds)
        law.use(monkeypatch, database_url, **law.by_twilio(twilio.url, per_second=200))
        stopping = threading.Event()
        monkeypatch.setattr(batches, "stopping", stopping)
        marked: list[list[int]] = []
        monkeypatch.setattr(stopping, "wait", lambda asked: marked.append(_standing()) or time.sleep(asked))
        engine_room.school(150)  # two batches
        twilio.planned = {sorted(law.mobiles())[1]: ["busy"]}
        campaign_id = engine_room.launch(draft=law.CREDENTIALS)
        rests = [batches.send(campaign_id, number) for number in (0, 1)]
    waits = progress(campaign_id).counts[MessageStatus.QUEUED]
    assert waits == sum(rest.deferred for rest in rests) == 150 - len(twilio.taken)
    if seconds < batches.WAITED_FOR_S:
        assert waits == 1, "it is waited for, and the others of the batch go on"
        assert marked == [[1, 1, 98]], "what became of the first two was stored before that"
    else:
        assert waits >= 50, "the other batch did not even begin"
        assert all(100 < rest.retry_after <= 120 for rest in rests)


def _standing() -> list[int]:
    """Of the first batch: how many are sent, were put off, have not been tried."""
    with database.reading() as db:
        rows = db.exec(select(Message.status, Message.attempts).where(Message.batch == 0)).all()
    tried = [status for status, attempts in rows if attempts]
    return [tried.count(MessageStatus.SENT), tried.count(MessageStatus.QUEUED), len(rows) - len(tried)]
