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
import sqlalchemy as sa
from sqlmodel import col

from core import config, database
from core.config import ROOT
from core.models import CampaignKind, Channel, Message, MessageStatus, Person
from core.services import audit
from core.services.campaigns import Draft
from core.tables import campaigns as campaigns_table
from core.tables import school as school_table
from core.tables.filters import AccountFilter, Page
from tests.delivery import engine_room
from tests.delivery.engine_room import SECRETARY, finished, progress, wait_until
from tests.peers import smtp, twilio_faults
from tests.peers.firstkey import free_port
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

LONG = os.environ.get("FIRSTKEY_CHAOS") == "long"
PEOPLE, KILLS = (2500, 200) if LONG else (150, 5)  # everybody gets an e-mail and a text message
SLOTS, PER_SECOND = 4, "100"
SEED = int(os.environ.get("FIRSTKEY_CHAOS_SEED", "20261124"))
CREDENTIALS = Draft(
    kind=CampaignKind.INITIAL_CREDENTIALS, channel=Channel.SMS, filter=AccountFilter(user_types=("student",))
)
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


def use(monkeypatch: pytest.MonkeyPatch, database_url: str, **settings: str) -> None:
    if database_url.startswith("postgresql"):
        settings["ENGINE_URL"] = database_url.replace("+psycopg", "")
    for name, value in settings.items():
        monkeypatch.setenv(f"FIRSTKEY_{name}", value)
    config.settings.cache_clear()


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


def law_holds(times: Counter[str], everybody: set[str], campaign_id: int) -> None:
    became = _statuses(campaign_id)
    unknown = {address for address, status in became.items() if status is MessageStatus.UNKNOWN}
    sent = {address for address, status in became.items() if status is MessageStatus.SENT}
    print(
        f"campaign {campaign_id}: {len(sent)} sent, {len(unknown)} unknown, {len(unknown & times.keys())} of them came"
    )
    assert max(times.values()) == 1, f"nobody twice (seed {SEED})"
    assert sent | unknown == everybody, "nobody lost, everybody accounted for"
    assert sent <= times.keys(), "what is called sent has arrived"
    assert len(unknown) <= KILLS * SLOTS, "at most one unknown for each running slot and kill"
    assert progress(campaign_id).total == len(everybody)
    with database.reading() as db:
        shown, total = campaigns_table.outcome(
            db, SECRETARY, campaign_id=campaign_id, statuses=("unknown",), page=Page(size=len(everybody))
        )
        assert (set(shown["address"]), total) == (unknown, len(unknown)), "whoever is unknown is shown"
        assert audit.verify(db).broken_at is None


def test_f1_f2_sending_survives_kills_of_web_and_workers(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    sink = Behaviour(delay_s=0.004)
    with smtp.server(sink) as port, twilio_faults.running() as twilio:
        use(monkeypatch, database_url, **_settings(port, twilio.url))
        engine_room.school(PEOPLE)
        mobiles = _mobiles()
        by_mail, by_sms = engine_room.launch(), engine_room.launch(draft=CREDENTIALS)
        storm((by_mail, by_sms), lambda: len(sink.accepted) + len(twilio.taken))
        mailed = Counter(to for envelope in sink.accepted for to in envelope.rcpt_tos)
        texted = Counter(message["To"] for message in twilio.taken)
    law_holds(mailed, {f"person{number}@mail.example" for number in range(1, PEOPLE + 1)}, by_mail)
    law_holds(texted, mobiles, by_sms)


def _settings(smtp_port: int, twilio_url: str) -> dict[str, str]:
    mail = {"EMAIL": "smtp", "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}", "EMAIL_SLOTS": str(SLOTS)}
    sms = {"SMS": "twilio", "TWILIO_API_BASE_URL": twilio_url, "SMS_SLOTS": str(SLOTS), "TWILIO_ACCOUNT_SID": "AC0"}
    own = {"TWILIO_AUTH_TOKEN": "token", "TWILIO_FROM": "+15005550006", "PORT": str(free_port())}
    return mail | sms | own | {"EMAIL_RATE": PER_SECOND, "SMS_RATE": PER_SECOND}


def _statuses(campaign_id: int) -> dict[str, MessageStatus]:
    """By address."""
    query = sa.select(col(Message.address), col(Message.status)).where(col(Message.campaign_id) == campaign_id)
    with database.reading() as db:
        return {address: MessageStatus(status) for address, status in db.execute(query)}


def _mobiles() -> set[str]:
    """A number for everybody, at any hour, for any money."""
    number = sa.literal("+30691") + sa.func.substr(sa.cast(sa.literal(10_000_000) + col(Person.id), sa.String()), 2)
    with database.transaction() as db:
        db.execute(sa.update(Person).values(mobile=number, mobile_region="GR"))
        own = school_table.settings(db)
        own.sms_from_hour, own.sms_until_hour, own.sms_per_day, own.sms_spend_per_day = 0, 24, 1_000_000, 1_000_000.0
        db.add(own)
        return set(db.scalars(sa.select(col(Person.mobile))))
