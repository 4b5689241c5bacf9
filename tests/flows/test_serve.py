"""The server as `make run` starts it: first start, second start, Ctrl-C, a power cut, leaving the demo."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path

import pytest
from sqlmodel import func, select

from core import config, database
from core.config import ROOT
from core.models import MessageStatus, Person
from tests.delivery import engine_room
from tests.delivery.test_kill import Counting
from tests.peers import firstkey, smtp
from tests.peers.firstkey import Server

RECIPIENTS = 2000


def _people(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    _look_into(folder, monkeypatch)
    with database.reading() as db:
        return db.exec(select(func.count()).select_from(Person)).one()


def _look_into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process use the database of the server."""
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", f"sqlite:///{folder / 'firstkey.db'}")
    monkeypatch.setenv("FIRSTKEY_ENGINE_URL", f"sqlite:///{folder / 'engine.db'}")
    config.settings.cache_clear()
    database.forget()


@pytest.fixture(autouse=True)
def _forget() -> None:
    database.forget()
    config.settings.cache_clear()


def _command(server: Server, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "core.manage", *words]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=server.environment | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_a_second_start_keeps_everything_and_ctrl_c_ends_in_peace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with firstkey.running(tmp_path) as first:
        assert first.setup_link
        assert b"Athena" in urllib.request.urlopen(first.setup_link).read()
        assert first.stop() == 0
    before = _people(tmp_path, monkeypatch)
    key = (tmp_path / "secret.key").read_text()
    with firstkey.running(tmp_path) as second:
        assert second.stop() == 0
        assert "Nothing is lost" in second.log.read_text()
    assert before > 240
    assert (before, key) == (_people(tmp_path, monkeypatch), (tmp_path / "secret.key").read_text())
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_the_demo_is_removed_only_after_a_clear_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with firstkey.running(tmp_path) as demo:
        demo.stop()
    key = (tmp_path / "secret.key").read_text()
    refused = _command(demo, "serve", FIRSTKEY_DEMO="no")
    assert refused.returncode == 1
    assert "This removes the demo school" in refused.stdout
    assert _people(tmp_path, monkeypatch) > 240
    done = _command(demo, "start-own-school", "Lyceum", "--yes")
    assert done.returncode == 0, done.stderr
    assert _people(tmp_path, monkeypatch) == 0
    assert (tmp_path / "secret.key").read_text() != key
    assert _command(demo, "start-own-school", "--yes").returncode == 1
    assert "whole" in _command(demo, "verify-audit").stdout


def test_a_port_in_use_is_said_in_a_sentence(tmp_path: Path) -> None:
    with firstkey.running(tmp_path) as server:
        second = _command(server, "serve")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.9", int(server.url.rpartition(":")[2])), 5)
    assert second.returncode == 1
    assert re.search(r"Port \d+ is in use", second.stderr)
    assert "Traceback" not in second.stderr


def test_it_listens_where_it_is_told_and_warns_when_everybody_may_come(tmp_path: Path) -> None:
    with firstkey.running(tmp_path, listen_on="0.0.0.0") as server:
        port = server.url.rpartition(":")[2]
        asked = urllib.request.Request(f"http://127.0.0.9:{port}/healthz", headers={"Host": "localhost"})
        assert urllib.request.urlopen(asked).status == 200
        assert "Warning: Every machine that reaches this one" in server.log.read_text()
        warned = _command(server, "doctor").stdout
        named = _command(server, "doctor", FIRSTKEY_TRUSTED_PROXIES="10.0.0.11").stdout
    assert "warning  door" in warned and "FIRSTKEY_TRUSTED_PROXIES" in warned
    assert f"door: listens on 0.0.0.0, port {port}" in named
    elsewhere = _command(server, "serve", FIRSTKEY_LISTEN_ON="192.0.2.1")
    assert "does not have the address 192.0.2.1" in elsewhere.stderr and "Traceback" not in elsewhere.stderr


def test_f1_kill_9_of_the_server_while_two_thousand_are_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = Counting()
    with smtp.server(sink) as port:
        settings = {"demo": "no", "email": "smtp", "smtp_url": f"smtp://127.0.0.1:{port}", "email_rate": "2000"}
        with firstkey.running(tmp_path, **settings) as prepared:
            prepared.stop()
        _look_into(tmp_path, monkeypatch)
        engine_room.school(RECIPIENTS)
        campaign_id = engine_room.launch()
        with firstkey.running(tmp_path, **settings) as server:
            sink.wait_for(RECIPIENTS // 2)
            server.kill()
        with firstkey.running(tmp_path, **settings):
            engine_room.wait_until(campaign_id, engine_room.finished, seconds=90)
    arrived = Counter(to for envelope in sink.accepted for to in envelope.rcpt_tos)
    became = engine_room.statuses()
    sent = {address for address, status in became.items() if status is MessageStatus.SENT}
    unknown = {address for address, status in became.items() if status is MessageStatus.UNKNOWN}
    assert max(arrived.values()) == 1
    assert len(sent | unknown) == RECIPIENTS
    assert sent <= arrived.keys()
    assert 0 < len(unknown) <= 4
