"""Two web processes and two workers are restarted one after the other in the middle of sending, as for a new version.

Nothing is lost, nothing goes twice, nobody becomes unknown, and whoever opens a page meanwhile gets it.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.chaos import law
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, progress, wait_until
from tests.deploy.district import Processes
from tests.peers import nginx, smtp
from tests.peers.firstkey import free_port
from tests.peers.nginx import Front
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.postgresql, pytest.mark.usefixtures("database")]

LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
PEOPLE, ROUNDS = (6000, 5) if LONG else (500, 1)


class Visitor(threading.Thread):
    """Opens a page again and again, each time in a browser of its own; keeps what went wrong and how long it took."""

    def __init__(self, front: Front) -> None:
        super().__init__(daemon=True)
        self.front, self.over = front, threading.Event()
        self.wrong, self.slowest, self.pages = list[str](), 0.0, 0

    def run(self) -> None:
        trusted = ssl.create_default_context(cafile=str(self.front.folder / "fullchain.pem"))
        while not self.over.wait(0.1):
            started = time.monotonic()
            try:
                status = httpx.get(f"{self.front.url}/sign-in", verify=trusted, timeout=30).status_code
            except httpx.HTTPError as error:
                status = 0
                self.wrong.append(type(error).__name__)
            self.pages, self.slowest = self.pages + 1, max(self.slowest, time.monotonic() - started)
            self.wrong += [str(status)] if status not in (0, 200) else []


def test_f16_a_rolling_restart_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    sink, port, ports = Behaviour(delay_s=0.01), free_port(), (free_port(), free_port())
    with smtp.server(sink) as mail, nginx.running(tmp_path, port=port, behind=ports) as front:
        law.use(monkeypatch, database_url, **law.by_smtp(mail, per_second=12))
        engine_room.school(PEOPLE)
        own = {"public_base_url": front.url, "trusted_proxies": "127.0.0.1", "deliver_in_web": "no", "demo": "no"}
        processes = Processes(tmp_path, secret_key=os.environ["FIRSTKEY_SECRET_KEY"], **own)
        try:
            for each in ports:
                processes.web(each)
            for name in ("first", "second"):
                processes.worker(name)
            processes.wait_for(*ports)
            visitor = Visitor(front)
            visitor.start()
            campaign_id = engine_room.launch()
            wait_until(campaign_id, lambda _: len(sink.accepted) >= 20, seconds=90)
            for _round in range(ROUNDS):
                for name, each in zip(("first", "second"), ports, strict=True):
                    processes.stop(name)
                    processes.worker(name)
                    assert not finished(progress(campaign_id)), "restarted before the last message"
                    _web_anew(processes, each)
            wait_until(campaign_id, finished, seconds=300)
            visitor.over.set()
            visitor.join(60)
        finally:
            processes.stop_all()
    assert law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id) == set(), "a stop in order leaves no doubt"
    assert visitor.wrong == [] and visitor.slowest < 10
    print(f"{visitor.pages} pages, the slowest after {visitor.slowest:.1f} s")


def _web_anew(processes: Processes, port: int) -> None:
    processes.stop(str(port))
    processes.web(port)
    processes.wait_for(port)
    time.sleep(5.5)  # so long nginx leaves out who did not answer
