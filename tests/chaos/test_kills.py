"""kill -9 at random instants, over the web process and two workers, e-mail and SMS at once (security notes, §5).

Short inside `make test`; `make chaos` sends 5,000 messages and kills 200 times before the last of them.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.config import ROOT
from tests.chaos import law
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, progress, wait_until
from tests.peers import smtp, twilio_faults
from tests.peers.firstkey import free_port
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
PEOPLE, KILLS = (2500, 200) if LONG else (150, 4)  # everybody gets an e-mail and a text message
SEED = int(os.environ.get("FIRSTKEY_CHAOS_SEED", "20261124"))
COMMANDS = {"web": "serve", "first": "worker", "second": "worker"}


class Processes:
    """The web process and two workers, all of which deliver; who is killed starts again at once under its name."""

    def __init__(self) -> None:
        self.killed: Counter[str] = Counter()
        self.running = {name: self._start(name) for name in COMMANDS}

    def kill(self, name: str) -> None:
        assert self.running[name].poll() is None, f"{name} ended by itself"
        self.running[name].kill()
        self.running[name].wait(30)
        self.killed[name] += 1
        self.running[name] = self._start(name)

    def stop(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait(30)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {"FIRSTKEY_EXECUTOR_ID": name}
        command = [sys.executable, "-m", "core.manage", COMMANDS[name]]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


@contextmanager
def processes() -> Iterator[Processes]:
    started = Processes()
    try:
        yield started
    finally:
        started.stop()


def storm(campaign_ids: tuple[int, ...], arrived: Callable[[], int]) -> None:
    """Kill at random instants, spread over all of the sending by what has arrived; then let them finish."""
    chance = random.Random(SEED)
    instants = sorted(chance.sample(range(1, int(2 * PEOPLE * 0.9)), KILLS))
    with processes() as running:
        for instant in instants:
            _until(lambda instant=instant: arrived() >= instant, seconds=120)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.2))
            running.kill(chance.choice(list(COMMANDS)))
        assert any(progress(campaign_id).waiting for campaign_id in campaign_ids), "killed before the last message"
        for campaign_id in campaign_ids:
            wait_until(campaign_id, finished, seconds=300 if LONG else 60)
    print(f"seed {SEED}: killed {dict(running.killed)}")


def _until(so: Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "the sending stands still"
        time.sleep(0.005)


def test_f1_f2_sending_survives_kills_of_web_and_workers(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    sink = Behaviour(delay_s=0.004)
    with smtp.server(sink) as port, twilio_faults.running() as twilio:
        both = law.by_smtp(port, per_second=100) | law.by_twilio(twilio.url, per_second=100)
        law.use(monkeypatch, database_url, PORT=str(free_port()), **both)
        engine_room.school(PEOPLE)
        numbers = law.mobiles()
        by_mail, by_sms = engine_room.launch(), engine_room.launch(draft=law.CREDENTIALS)
        storm((by_mail, by_sms), lambda: len(sink.accepted) + len(twilio.taken))
    unknown = law.holds(law.mailed(sink), law.addresses(PEOPLE), by_mail)
    unknown |= law.holds(Counter(message["To"] for message in twilio.taken), numbers, by_sms)
    assert len(unknown) <= KILLS * law.SLOTS * 2, "at most one unknown for each running slot and kill"
    print(f"{len(unknown)} of {2 * PEOPLE} are unknown")
