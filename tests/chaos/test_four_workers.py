"""Four workers, each a process of its own, share one campaign (security notes, F15)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa
from sqlmodel import col

from core import database
from core.config import ROOT
from core.models import DeliveryWorker
from tests.chaos import law
from tests.delivery import engine_room
from tests.delivery.engine_room import finished, wait_until
from tests.peers import smtp
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]

PEOPLE, WORKERS = 400, ("first", "second", "third", "fourth")


def test_f15_four_workers_claim_each_message_once(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    sink = Behaviour(delay_s=0.01)
    with smtp.server(sink) as port:
        law.use(monkeypatch, database_url, **law.by_smtp(port, per_second=60))
        engine_room.school(PEOPLE)
        campaign_id = engine_room.launch()
        running = [_worker(name) for name in WORKERS]
        try:
            wait_until(campaign_id, finished, seconds=90)
            with database.reading() as db:
                beats = db.scalar(sa.select(sa.func.count(col(DeliveryWorker.executor_id))))
        finally:
            for process in running:
                process.kill()
                process.wait(30)
    assert beats == len(WORKERS), "all four were there"
    assert law.holds(law.mailed(sink), law.addresses(PEOPLE), campaign_id) == set()


def _worker(name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "core.manage", "worker"]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | {"FIRSTKEY_EXECUTOR_ID": name})
