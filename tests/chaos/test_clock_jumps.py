"""The clock of the machine is set forward and back while messages go out: no storm, no standstill, nobody twice."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from core import clock
from core.delivery import engine
from tests.chaos import law
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, wait_until
from tests.peers import smtp
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
PEOPLE, BETWEEN = (450, 80) if LONG else (220, 40)  # so many have gone from one jump to the next
JUMPS = [timedelta(minutes=5), timedelta(minutes=-5), timedelta(hours=-1), timedelta(hours=1)]


def test_f12_a_clock_that_jumps_changes_nothing(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    off = [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + off[-1])
    monkeypatch.setattr(engine, "LOOK_AROUND_EVERY_S", 0.2)
    sink = Behaviour(delay_s=0.005)
    with smtp.server(sink) as port:
        law.use(monkeypatch, database_url, **law.by_smtp(port, per_second=100))
        engine_room.school(PEOPLE)
        campaign_id = engine_room.launch()
        engine_room.start_engine()
        try:
            for number, jump in enumerate(JUMPS, 1):
                wait_until(campaign_id, lambda _, number=number: len(sink.accepted) >= BETWEEN * number)  # type: ignore[misc]
                off.append(jump)
            wait_until(campaign_id, finished)
        finally:
            engine.shutdown()
    assert law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id) == set()
