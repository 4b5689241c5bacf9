"""How often the engine looks into its queues: a quiet school costs little."""

from __future__ import annotations

import threading

import pytest
from dbos import DBOS

from core.delivery import engine, queues
from core.models import Channel
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, launch, school, wait_until
from tests.delivery.test_engine import ready, sink  # noqa: F401

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


def _comes_to(seconds: float) -> bool:
    pause = threading.Event()
    return any(_pace(Channel.EMAIL) == seconds or pause.wait(0.1) for _ in range(100))


def _pace(channel: Channel) -> float:
    queue = DBOS.retrieve_queue(queues.OF_CHANNEL[channel])
    assert queue is not None
    return queue.polling_interval_sec
