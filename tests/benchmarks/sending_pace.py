"""The rate that is set, as the receiver sees it; and two workers on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from unittest import mock

from core import config
from core.config import ROOT
from core.models import MessageStatus
from tests.benchmarks import sending
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import scratch_school
from tests.delivery import engine_room
from tests.peers import postgres, smtp
from tests.peers.smtp import Behaviour

RATE, MESSAGES, WORKERS, SLOTS = 20, 600, 2, 16


class Timed(Behaviour):
    """Notes when each message came."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    async def handle_DATA(self, *arguments: object) -> str:  # noqa: N802
        self.moments.append(time.monotonic())
        return await super().handle_DATA(*arguments)  # type: ignore[arg-type]


def run(report: Report) -> None:
    """The figures."""
    report.figure("pace_20_worst_second", worst_second(), "1/s", runs=1)
    with postgres.cluster() as url:
        report.figure("send_email_per_s_pg_2workers_10k", with_workers(url, 10_000), "1/s", runs=1)


def worst_second() -> int:
    """The most messages that arrived within any second at a set rate of 20/s."""
    sink = Timed()
    with smtp.server(sink) as port, ExitStack() as settings:
        values = {"FIRSTKEY_EMAIL": "smtp", "FIRSTKEY_SMTP_URL": f"smtp://127.0.0.1:{port}"}
        settings.enter_context(mock.patch.dict(os.environ, values | {"FIRSTKEY_EMAIL_RATE": str(RATE)}))
        with scratch_school():
            engine_room.school(MESSAGES)
            campaign_id = engine_room.launch()
            engine_room.start_engine()
            engine_room.wait_until(campaign_id, engine_room.finished, seconds=120)
            sending.engine.shutdown()
    config.settings.cache_clear()
    moments = sorted(sink.moments)
    return max(sum(start <= moment < start + 1 for moment in moments) for start in moments)


def with_workers(postgres_url: str, recipients: int) -> float:
    """From the first message that arrives until the last is marked, by two worker processes on PostgreSQL."""
    with sending.mail_server(), scratch_school(postgres_url=postgres_url):
        own = {"FIRSTKEY_ENGINE_URL": os.environ["FIRSTKEY_DATABASE_URL"].replace("+psycopg", "")}
        own["FIRSTKEY_EMAIL_SLOTS"] = str(SLOTS)
        with mock.patch.dict(os.environ, own):
            config.settings.cache_clear()
            engine_room.school(recipients)
            campaign_id = engine_room.launch()
            processes = [_worker(f"worker{number}") for number in range(WORKERS)]
            try:
                engine_room.wait_until(campaign_id, lambda found: found.counts.get(MessageStatus.SENT, 0) > 0)
                begun, started = engine_room.progress(campaign_id).counts[MessageStatus.SENT], time.perf_counter()
                while not engine_room.finished(engine_room.progress(campaign_id)):
                    threading.Event().wait(0.2)
                return (recipients - begun) / (time.perf_counter() - started)
            finally:
                for process in processes:
                    process.terminate()
                    process.wait(30)


def _worker(name: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"FIRSTKEY_EXECUTOR_ID": name}
    command = [sys.executable, "-m", "core.delivery.worker"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
