"""kill -9 at random instants, over workers and the server, e-mail and SMS: the law of conservation holds.

The law is §5 of the security notes. Short inside `make test`, over two workers; `make chaos` sends 5,000 messages and
kills 200 times, the server too. Sending is paced, so that every kill comes before the last message.
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
import sqlalchemy as sa
from sqlmodel import col

from core import config, database
from core.config import ROOT
from core.models import CampaignKind, Channel, MessageStatus, Person
from core.services import audit
from core.services.campaigns import Draft
from core.tables import school as school_table
from core.tables.filters import AccountFilter
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, progress, statuses, wait_until
from tests.peers import smtp, twilio_faults
from tests.peers.firstkey import free_port
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
PEOPLE, KILLS, SLOTS, A_SECOND = (5000, 200, 4, 12) if LONG else (400, 4, 4, 60)
VICTIMS = ("first", "second", "web") if LONG else ("first", "second")
SEED = int(os.environ.get("FIRSTKEY_CHAOS_SEED", "20261124"))
CREDENTIALS = Draft(
    kind=CampaignKind.INITIAL_CREDENTIALS, channel=Channel.SMS, filter=AccountFilter(user_types=("student",))
)


class Processes:
    """What delivers; one of them is killed now and then, and started again under its name."""

    def __init__(self) -> None:
        self.port = str(free_port())
        self.running = {name: self._start(name) for name in VICTIMS}

    def kill(self, name: str) -> None:
        self.running[name].kill()
        self.running[name].wait(30)
        self.running[name] = self._start(name)

    def stop(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait(30)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {"FIRSTKEY_EXECUTOR_ID": name, "FIRSTKEY_PORT": self.port, "FIRSTKEY_DEMO": "no"}
        program = ["core.manage", "serve"] if name == "web" else ["core.delivery.worker"]
        return subprocess.Popen([sys.executable, "-m", *program], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


@contextmanager
def processes() -> Iterator[Processes]:
    running = Processes()
    try:
        yield running
    finally:
        running.stop()


def use(monkeypatch: pytest.MonkeyPatch, database_url: str, **settings: str) -> None:
    if database_url.startswith("postgresql"):
        settings["ENGINE_URL"] = database_url.replace("+psycopg", "")
    for name, value in settings.items():
        monkeypatch.setenv(f"FIRSTKEY_{name}", value)
    config.settings.cache_clear()


def storm(campaign_id: int, arrived: Callable[[], int]) -> None:
    """Kill at random instants while messages are on their way; then let the survivors finish."""
    chance = random.Random(SEED)
    with processes() as running:
        wait_until(campaign_id, lambda _: arrived() > 0, seconds=60)
        for kill in range(KILLS):
            time.sleep(chance.uniform(0.05, 2.5 if LONG else 1.2))
            assert progress(campaign_id).waiting, f"everything was sent before kill {kill + 1}: pace it slower"
            running.kill(chance.choice(VICTIMS))
        wait_until(campaign_id, finished, seconds=1800 if LONG else 120)


def law_holds(times: Counter[str], everybody: set[str], campaign_id: int) -> None:
    became = statuses()
    unknown = {address for address, status in became.items() if status is MessageStatus.UNKNOWN}
    sent = {address for address, status in became.items() if status is MessageStatus.SENT}
    assert max(times.values()) == 1, f"nobody twice (seed {SEED})"
    assert sent | unknown == everybody, "nobody lost, everybody accounted for"
    assert sent <= times.keys(), "what is called sent has arrived"
    assert len(unknown) <= KILLS * SLOTS, "at most one unknown for each running slot and kill"
    assert progress(campaign_id).total == len(everybody)
    with database.reading() as db:
        assert audit.verify(db).broken_at is None


def test_f1_e_mail_survives_kills_at_random_instants(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    sink = Behaviour(delay_s=0.004)
    with smtp.server(sink) as port:
        use(monkeypatch, database_url, EMAIL="smtp", SMTP_URL=f"smtp://127.0.0.1:{port}", EMAIL_RATE=str(A_SECOND))
        engine_room.school(PEOPLE)
        campaign_id = engine_room.launch()
        storm(campaign_id, lambda: len(sink.accepted))
        times = Counter(to for envelope in sink.accepted for to in envelope.rcpt_tos)
    law_holds(times, {f"person{number}@mail.example" for number in range(1, PEOPLE + 1)}, campaign_id)


def test_f1_text_messages_survive_kills_at_random_instants(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    with twilio_faults.running() as twilio:
        own = {"TWILIO_ACCOUNT_SID": "AC0", "TWILIO_AUTH_TOKEN": "token", "TWILIO_FROM": "+15005550006"}
        limits = {"SMS_RATE": str(A_SECOND), "SMS_SLOTS": str(SLOTS)}
        use(monkeypatch, database_url, SMS="twilio", TWILIO_API_BASE_URL=twilio.url, **own, **limits)
        engine_room.school(PEOPLE)
        everybody = _mobiles()
        campaign_id = engine_room.launch(draft=CREDENTIALS)
        storm(campaign_id, lambda: len(twilio.taken))
        times = Counter(message["To"] for message in twilio.taken)
    law_holds(times, everybody, campaign_id)


def _mobiles() -> set[str]:
    """A number for everybody, at any hour, for any money."""
    number = sa.literal("+30691") + sa.func.substr(sa.cast(sa.literal(10_000_000) + col(Person.id), sa.String()), 2)
    with database.transaction() as db:
        db.execute(sa.update(Person).values(mobile=number, mobile_region="GR"))
        own = school_table.settings(db)
        own.sms_from_hour, own.sms_until_hour, own.sms_per_day, own.sms_spend_per_day = 0, 24, 1_000_000, 1_000_000.0
        db.add(own)
        return set(db.scalars(sa.select(col(Person.mobile))))
