"""Two web processes and two workers are restarted one after the other in the middle of sending, as for a new version.

Nothing is lost, nothing goes twice, nobody becomes unknown, and whoever opens a page meanwhile gets it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.chaos import law
from tests.chaos.visitors import visiting
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, progress, wait_until
from tests.deploy.district import Processes
from tests.peers import nginx, smtp
from tests.peers.firstkey import free_port
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.postgresql, pytest.mark.usefixtures("database")]

LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
PEOPLE, ROUNDS = (6000, 5) if LONG else (500, 1)
PER_SECOND = 12


def test_f16_a_rolling_restart_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    sink, port, ports = Behaviour(delay_s=0.01), free_port(), (free_port(), free_port())
    with smtp.server(sink) as mail, nginx.running(tmp_path, port=port, behind=ports) as front:
        law.use(monkeypatch, database_url, **law.by_smtp(mail, per_second=PER_SECOND))
        engine_room.school(PEOPLE)
        own = {"public_base_url": front.url, "trusted_proxies": "127.0.0.1", "deliver_in_web": "no", "demo": "no"}
        processes = Processes(tmp_path, secret_key=os.environ["FIRSTKEY_SECRET_KEY"], **own)
        try:
            for each in ports:
                processes.web(each)
            for name in ("first", "second"):
                processes.worker(name)
            processes.wait_for(*ports)
            with visiting(front) as visitor:
                campaign_id = engine_room.launch()
                wait_until(campaign_id, lambda _: len(sink.accepted) >= 20, seconds=90)
                for _round in range(ROUNDS):
                    for name, each in zip(("first", "second"), ports, strict=True):
                        processes.stop(name)
                        processes.worker(name)
                        assert not finished(progress(campaign_id)), "restarted before the last message"
                        _web_anew(processes, each)
                wait_until(campaign_id, finished, seconds=PEOPLE / PER_SECOND + 100)
        finally:
            processes.stop_all()
    assert law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id) == set(), "a stop in order leaves no doubt"
    assert visitor.wrong == [] and visitor.longest_without_s < 10
    print(f"{visitor.pages} pages, never {visitor.longest_without_s:.1f} s without one")


def _web_anew(processes: Processes, port: int) -> None:
    processes.stop(str(port))
    processes.web(port)
    processes.wait_for(port)
    time.sleep(5.5)  # so long nginx leaves out who did not answer
