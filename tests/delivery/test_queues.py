"""How often the engine looks into its queues, and how much of them each process takes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from dbos import DBOS, Queue

from core import database
from core.delivery import engine, queues, take_over
from core.models import Channel, MessageStatus
from core.services import invitations, workers
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, launch, progress, school, wait_until
from tests.delivery.test_engine import ready, sink, use  # noqa: F401
from tests.peers.smtp import Behaviour

pytestmark = pytest.mark.both_databases


@pytest.mark.usefixtures("ready")
def test_queues_of_messages_are_looked_into_often_only_while_a_campaign_runs() -> None:
    school(60)
    engine_room.start_engine()
    assert _pace(Channel.EMAIL) == _pace(Channel.SMS) == queues.QUIET_S
    campaign_id = launch()
    engine.start(campaign_id)
    assert (_pace(Channel.EMAIL), _pace(Channel.SMS)) == (queues.BUSY_S, queues.QUIET_S)
    wait_until(campaign_id, finished)
    assert _comes_to(queues.QUIET_S)


@pytest.mark.usefixtures("ready")
def test_a_process_that_starts_beside_a_campaign_finds_it_and_hurries(monkeypatch: pytest.MonkeyPatch) -> None:
    school(60)
    launch()
    monkeypatch.setattr(engine, "start", lambda *_: None)  # somebody else has handed it over
    engine_room.start_engine()
    assert _comes_to(queues.BUSY_S)


@pytest.mark.usefixtures("ready")
def test_processes_have_as_many_slots_each_and_the_last_one_has_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, EMAIL_SLOTS="7", SMS_SLOTS="1")
    with database.transaction() as db:
        workers.beat(db, executor_id="another", host="elsewhere", process_id=1)
    engine_room.start_engine()
    assert (_share(Channel.EMAIL), _share(Channel.SMS)) == (4, 1)
    with database.transaction() as db:
        workers.leave(db, executor_id="another")
    assert _waits_for(lambda: _share(Channel.EMAIL) == 7)


@pytest.mark.usefixtures("ready")
def test_a_process_with_other_settings_shares_what_the_last_one_to_start_has_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(monkeypatch, EMAIL_SLOTS="5")
    engine_room.start_engine()
    use(monkeypatch, EMAIL_SLOTS="16")
    queues.share(processes=2)
    assert _share(Channel.EMAIL) == 3
    queues.register(processes=1, deliver=False)  # somebody who only hands over
    assert _share(Channel.EMAIL) == 3


@pytest.mark.usefixtures("ready")
def test_whoever_forgot_a_password_does_not_wait_until_many_slots_have_sent(
    sink: Behaviour,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(monkeypatch, EMAIL_SLOTS="40")
    monkeypatch.setattr(invitations, "BATCH", 1)
    sink.delay_s = 6.0
    school(40)
    engine_room.start_engine()
    campaign_id = launch()
    engine.start(campaign_id)
    assert _waits_for(lambda: progress(campaign_id).counts.get(MessageStatus.SENDING) == 40)
    engine.recover(0)
    assert _waits_for(lambda: bool(take_over.listed(name="recover_password", status=["SUCCESS"])))
    assert MessageStatus.SENT not in progress(campaign_id).counts
    wait_until(campaign_id, finished)


def _comes_to(seconds: float) -> bool:
    return _waits_for(lambda: _pace(Channel.EMAIL) == seconds)


def _waits_for(so: Callable[[], bool]) -> bool:
    pause = threading.Event()
    return any(so() or pause.wait(0.1) for _ in range(100))


def _pace(channel: Channel) -> float:
    return _queue(channel).polling_interval_sec


def _share(channel: Channel) -> int | None:
    return _queue(channel).worker_concurrency


def _queue(channel: Channel) -> Queue:
    queue = DBOS.retrieve_queue(queues.OF_CHANNEL[channel])
    assert queue is not None
    return queue
