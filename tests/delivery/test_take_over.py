"""A worker that is gone: its batches go on in another one, and what it left in flight is known to be unknown."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest

from core import config, database
from core.config import ROOT
from core.delivery import engine, heartbeat, housekeeping, take_over
from core.models import MessageStatus
from core.services import workers
from tests.delivery.engine_room import finished, launch, progress, school, start_engine, statuses, wait_until
from tests.peers import smtp
from tests.peers.smtp import Behaviour

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("database")]


def test_the_batches_of_a_killed_worker_are_taken_up_by_another_process(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Behaviour(delay_s=0.01)
    monkeypatch.setattr(heartbeat, "SILENT_AFTER_S", 2.0)
    monkeypatch.setattr(heartbeat, "EVERY_S", 0.5)
    monkeypatch.setattr(engine, "LOOK_AROUND_EVERY_S", 0.5)
    with smtp.server(sink) as port:
        for name, value in {"EMAIL": "smtp", "SMTP_URL": f"smtp://127.0.0.1:{port}", "EMAIL_RATE": "2000"}.items():
            monkeypatch.setenv(f"FIRSTKEY_{name}", value)
        if database_url.startswith("postgresql"):
            monkeypatch.setenv("FIRSTKEY_ENGINE_URL", database_url.replace("+psycopg", ""))
        config.settings.cache_clear()
        school(600)
        campaign_id = launch()
        environment = os.environ | {"FIRSTKEY_EXECUTOR_ID": "gone-for-good"}
        other = subprocess.Popen([sys.executable, "-m", "core.delivery.worker"], cwd=ROOT, env=environment)
        wait_until(campaign_id, lambda _: len(sink.accepted) >= 100, seconds=60)
        other.send_signal(signal.SIGKILL)
        other.wait()
        start_engine()
        try:
            wait_until(campaign_id, finished, seconds=90)
        finally:
            engine.shutdown()
    found = Counter(statuses().values())
    times = Counter(to for envelope in sink.accepted for to in envelope.rcpt_tos)
    assert max(times.values()) == 1, "nobody twice"
    assert progress(campaign_id).total == 600, "nobody lost"
    assert found[MessageStatus.UNKNOWN] <= 4, "at most one for each running slot"
    assert found[MessageStatus.SENT] + found[MessageStatus.UNKNOWN] == 600


def test_books_of_the_engine_about_what_ended_a_week_ago_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    school(3)
    campaign_id = launch()
    start_engine()
    try:
        wait_until(campaign_id, finished, seconds=60)
        wait_until(campaign_id, lambda _: not take_over.listed(status=take_over.UNDER_WAY), seconds=30)
        assert housekeeping.forget_finished() == 0
        monkeypatch.setattr(housekeeping, "KEPT", timedelta(seconds=-60))
        assert housekeeping.forget_finished() >= 2
        assert take_over.listed() == []
    finally:
        engine.shutdown()


def test_what_an_older_version_queued_is_handed_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    school(3)
    campaign_id = launch()
    monkeypatch.setattr(engine, "VERSION", "delivery-0")
    start_engine(deliver=False)
    engine.start(campaign_id)
    engine.shutdown()
    monkeypatch.setattr(engine, "VERSION", "delivery-1")
    monkeypatch.setattr(engine, "LOOK_AROUND_EVERY_S", 0.5)
    start_engine()
    try:
        wait_until(campaign_id, finished, seconds=60)
    finally:
        engine.shutdown()
    with database.reading() as db:
        assert workers.beats(db) == {}, "who stops in order leaves"
