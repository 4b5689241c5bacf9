"""kill -9 in the middle of sending: nobody twice, nobody lost, what was in flight is shown as unknown."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core import config
from core.config import ROOT, settings
from core.models import MessageStatus
from tests.delivery.engine_room import finished, launch, progress, school, statuses, wait_until
from tests.peers import smtp
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
RECIPIENTS, KILLS = (2000 if LONG else 600), 3


class Counting(Behaviour):
    """Tells when so many have arrived."""

    def __init__(self) -> None:
        super().__init__(delay_s=0.002)
        self.arrived = threading.Condition()

    async def handle_DATA(self, *arguments: object) -> str:  # noqa: N802
        said = await super().handle_DATA(*arguments)  # type: ignore[arg-type]
        with self.arrived:
            self.arrived.notify_all()
        return said

    def wait_for(self, number: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.accepted) >= number, 180), len(self.accepted)


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """`python -m core.delivery.worker` as an installation runs it."""
    process = subprocess.Popen([sys.executable, "-m", "core.delivery.worker"], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


def test_f1_kill_9_while_many_are_sent(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    sink = Counting()
    with smtp.server(sink) as port:
        monkeypatch.setenv("FIRSTKEY_EMAIL", "smtp")
        monkeypatch.setenv("FIRSTKEY_SMTP_URL", f"smtp://127.0.0.1:{port}")
        monkeypatch.setenv("FIRSTKEY_EMAIL_RATE", "2000")
        if database_url.startswith("postgresql"):
            monkeypatch.setenv("FIRSTKEY_ENGINE_URL", database_url.replace("+psycopg", ""))
        config.settings.cache_clear()
        school(RECIPIENTS)
        campaign_id = launch()
        for number in range(1, KILLS + 1):
            with worker() as process:
                sink.wait_for(number * RECIPIENTS // (KILLS + 1))
                os.kill(process.pid, signal.SIGKILL)
                process.wait(30)
        in_flight = progress(campaign_id).counts.get(MessageStatus.SENDING, 0)
        with worker():
            wait_until(campaign_id, finished, seconds=80)
    _nobody_twice_nobody_lost(sink, in_flight)


def _nobody_twice_nobody_lost(sink: Behaviour, in_flight: int) -> None:
    arrived = Counter(to for envelope in sink.accepted for to in envelope.rcpt_tos)
    became = statuses()
    unknown = {address for address, status in became.items() if status is MessageStatus.UNKNOWN}
    sent = {address for address, status in became.items() if status is MessageStatus.SENT}
    assert max(arrived.values()) == 1
    assert sent | unknown == {f"person{number}@mail.example" for number in range(1, RECIPIENTS + 1)}
    assert sent <= arrived.keys()
    assert in_flight <= len(unknown) <= KILLS * settings().email_slots
