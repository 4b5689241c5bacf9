"""How fast invitations go out by SMTP, next to a bare loop; how long a launch to 100,000 takes.

The sink is tests/peers/smtp_sink.py: a process of its own that answers at once.
"""

from __future__ import annotations

import os
import smtplib
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from unittest import mock

import sqlalchemy as sa
from sqlmodel import col

from core import clock, config, database, keys
from core.config import ROOT
from core.delivery import engine
from core.models import CampaignKind, Channel, DeliveryWorker, MessageStatus
from core.rules import message_text
from core.tables import school, wordings
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import scratch_school
from tests.delivery import engine_room
from tests.peers import postgres
from tests.peers.smtp_sink import sink

RUNS, BARE = 3, 2000
WORKERS = ("first", "second")
FEW, MANY = "4", "96"  # slots: as set from the beginning, and as a relay of one's own can take (Postfix: 100)
LOOKS_EVERY_S = 1.0  # as the page of a campaign does: to count 100,000 messages takes its time too


def run(report: Report) -> None:
    """The figures of the group."""
    ratios = [delivered_per_second(10_000, slots=FEW) / bare_per_second(BARE) for _ in range(RUNS)]
    report.figure("send_email_vs_bare_smtplib", statistics.median(ratios), "ratio", runs=RUNS)
    report.median("send_email_per_s_sqlite_10k", "1/s", measure=lambda: delivered_per_second(10_000))
    report.median("launch_100k_ms", "ms", measure=lambda: launch_ms(100_000))
    report.figure("send_email_per_s_sqlite_100k", delivered_per_second(100_000), "1/s", runs=1)
    with postgres.cluster() as url:
        both = [by_workers_per_second(10_000, url) for _ in range(RUNS)]
        report.figure("send_email_per_s_pg_2workers_10k", statistics.median(both), "1/s", runs=RUNS)


@contextmanager
def mail_server(slots: str = MANY) -> Iterator[int]:
    """A sink that answers at once, and the settings that lead to it."""
    with sink() as port:
        values = {
            "FIRSTKEY_EMAIL": "smtp",
            "FIRSTKEY_SMTP_URL": f"smtp://127.0.0.1:{port}",
            "FIRSTKEY_EMAIL_RATE": "100000",
            "FIRSTKEY_EMAIL_SLOTS": slots,
        }
        with mock.patch.dict(os.environ, values):
            config.settings.cache_clear()
            yield port


def delivered_per_second(recipients: int, *, slots: str = MANY) -> float:
    """From handing the campaign over until the last message is marked, through the engine."""
    with mail_server(slots), scratch_school():
        engine_room.school(recipients)
        campaign_id = engine_room.launch()
        engine.launch()
        started, pause = time.perf_counter(), threading.Event()
        engine.start(campaign_id)
        while not engine_room.finished(progress := engine_room.progress(campaign_id)):
            pause.wait(LOOKS_EVERY_S)
        took = time.perf_counter() - started
        engine.shutdown()
        assert progress.counts == {MessageStatus.SENT: recipients}
        return recipients / took


def by_workers_per_second(recipients: int, postgres_url: str) -> float:
    """The same on PostgreSQL by two processes that are up already, from the first message marked to the last."""
    with mail_server(), scratch_school(postgres_url=postgres_url):
        books = config.settings().database_url.replace("+psycopg", "")
        with mock.patch.dict(os.environ, {"FIRSTKEY_ENGINE_URL": books}):
            config.settings.cache_clear()
            engine_room.school(recipients)
            running = [_worker(name) for name in WORKERS]
            try:
                _wait_until(lambda: _beating() == len(WORKERS))
                campaign_id = engine_room.launch()
                _wait_until(lambda: _sent(campaign_id) > 0)
                started, before = time.perf_counter(), _sent(campaign_id)
                _wait_until(lambda: engine_room.finished(engine_room.progress(campaign_id)))
                took = time.perf_counter() - started
                assert _sent(campaign_id) == recipients
            finally:
                for process in running:
                    process.terminate()
                    process.wait(60)
        return (recipients - before) / took


def _worker(name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "core.manage", "worker"]
    own = os.environ | {"FIRSTKEY_EXECUTOR_ID": name, "FIRSTKEY_SECRET_KEY": keys.current().secret.hex()}
    return subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _beating() -> int:
    with database.reading() as db:
        return db.scalar(sa.select(sa.func.count(col(DeliveryWorker.executor_id)))) or 0


def _sent(campaign_id: int) -> int:
    return engine_room.progress(campaign_id).counts.get(MessageStatus.SENT, 0)


def _wait_until(so: Callable[[], bool]) -> None:
    while not so():
        time.sleep(0.25)


def bare_per_second(messages: int) -> float:
    """A loop that renders the same mail with the standard library and sends it on one connection."""
    with mail_server() as port, scratch_school():
        engine_room.school(1)
        with database.reading() as db:
            ids = wordings.newest(db, kind=CampaignKind.INITIAL_INVITATION, channel=Channel.EMAIL)
            texts, place = wordings.texts(db, ids=ids), school.place(school.settings(db))
        ends = clock.now() + timedelta(days=7)
        started = time.perf_counter()
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            for number in range(messages):
                to = message_text.Addressee(
                    "Sam", f"Sample {number}", f"sam{number}", False, "el" if number % 2 else "en"
                )
                text = message_text.render(texts, to, place, link=f"{place.base_url}/i/{number:026}", ends_at=ends)
                message = EmailMessage()
                message["From"], message["To"] = "office@localhost", f"person{number}@mail.example"
                message["Subject"] = text.subject
                message.set_content(text.text)
                message.add_alternative(text.html, subtype="html")
                smtp.send_message(message)
        return messages / (time.perf_counter() - started)


def launch_ms(recipients: int) -> float:
    """The press of the button until its page has its numbers: launch, hand over, first progress."""
    with mail_server(), scratch_school():
        engine_room.school(recipients)
        engine.launch(deliver=False)
        seen = engine_room.look()
        started = time.perf_counter()
        campaign_id = engine_room.launch(seen)
        engine.start(campaign_id)
        engine_room.progress(campaign_id)
        took = time.perf_counter() - started
        engine.shutdown()
        return took * 1000
