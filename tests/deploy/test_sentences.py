"""Commands that stand in the sentences of docs/operations.md and in its lines for cron, run as they are written."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.config import ROOT
from tests import oneroster
from tests.deploy import machine
from tests.deploy.machine import PAGE, Machine

WORKER = machine.sentence("python -m core.manage worker --adopt").partition(" --adopt")[0]


@pytest.fixture
def fresh(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


@pytest.fixture
def server(fresh: Machine) -> Machine:
    """As after the section about a server of one's own: its settings, and `firstkey` where cron looks for it."""
    fresh.set_up()
    (fresh.root / "usr/local/sbin/firstkey").symlink_to(fresh.root / "bin/firstkey")
    return fresh


def test_a_report_is_made_every_monday_by_the_line_for_cron(server: Machine) -> None:
    (line,) = machine.blocks("## Commands", "cron")
    server.run("firstkey demo --students 20")
    for _week in range(2):
        done = server.cron(line)
        assert done.returncode == 0, done.stdout + done.stderr
    report = server.root / "var/lib/firstkey/status.pdf"
    assert report.read_bytes().startswith(b"%PDF") and report.stat().st_mode & 0o777 == 0o600


def test_an_import_by_cron_is_refused_when_too_many_leave_until_somebody_types_how_many(server: Machine) -> None:
    (line,) = machine.blocks("## Imports by themselves", "cron")
    export = server.root / "var/lib/sis/export.zip"
    export.parent.mkdir()
    export.write_bytes(oneroster.many(60).content)
    assert "61 new" in server.cron(line).stdout
    export.write_bytes(oneroster.many(40).content)
    refused = server.cron(line)
    number = re.search(r"(\d+) of (?:the )?60 students", refused.stderr)
    assert refused.returncode == 1 and number, refused.stderr
    (server.root / "var/lib/firstkey/import/refused").mkdir(parents=True)
    export.rename(server.root / "var/lib/firstkey/import/refused/export.zip")
    command = machine.sentence("firstkey import").replace("FILE", "export.zip")
    assert "20 marked as left" in server.run(command.replace("NUMBER", number[1]))


def test_what_a_dead_machine_had_begun_is_taken_over_at_once(fresh: Machine) -> None:
    settings = fresh.school()
    fresh.run("python -m core.manage demo --students 20", **settings)
    fresh.run("python -m core.manage init", **settings)
    outbox = fresh.root / "school/outbox"
    with _worker(fresh, WORKER, **settings, FIRSTKEY_EXECUTOR_ID="mill", FIRSTKEY_EMAIL_RATE="0.2") as dead:
        fresh.run("python -m core.manage campaign send-initial-invitation --user-type guardian --yes", **settings)
        machine.wait(lambda: list(outbox.glob("*")), told=lambda: fresh.text("worker.log"))
        dead.send_signal(signal.SIGKILL)
        dead.wait(30)
    adopt = machine.sentence(f"{WORKER} --adopt").replace("NAME", "mill")
    written = len(list(outbox.glob("*")))
    with _worker(fresh, adopt, **settings, FIRSTKEY_EXECUTOR_ID="hill"):
        assert "Taken over from mill-worker: 1 batches." in fresh.text("worker.log")
        machine.wait(lambda: len(list(outbox.glob("*"))) > written, told=lambda: fresh.text("worker.log"))


def test_the_log_on_another_host_knows_whether_the_audit_was_cut(fresh: Machine) -> None:
    settings = fresh.school()
    fresh.run("python -m core.manage demo --students 20", **settings)
    fresh.program("ssh", f'#!/bin/bash\n[ "$1" = loghost ] && exec bash -c "${{2//\\/var\\/log/{fresh.root}/log}}"\n')
    (fresh.root / "log/firstkey").mkdir(parents=True)
    (line,) = re.findall(r"^    (ssh loghost .*)$", PAGE.read_text(), re.MULTILINE)
    with _worker(fresh, WORKER, **settings):
        machine.wait(lambda: "audit noted: entry" in fresh.text("worker.log"), told=lambda: fresh.text("worker.log"))
    (fresh.root / "worker.log").rename(fresh.root / "log/firstkey/worker.log")
    assert re.search(r"The audit is whole and as noted elsewhere, \d+ times", fresh.run(line, **settings))
    log = fresh.root / "log/firstkey/worker.log"
    log.write_text(re.sub(r"seal \w{8}", "seal 00000000", log.read_text()))
    assert "are not those that were noted" in fresh.run(f"{line} || true", **settings)


@contextmanager
def _worker(of: Machine, command: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that delivers until it is told to stop; what it says is in worker.log."""
    line = [sys.executable, *command.split()[1:]]
    with (of.root / "worker.log").open("wb") as log:
        process = subprocess.Popen(line, cwd=ROOT, env=os.environ | settings, stdout=log, stderr=log)
    try:
        machine.wait(lambda: "Delivering" in of.text("worker.log"), told=lambda: of.text("worker.log"))
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(40)


def test_a_key_that_is_lost_for_good_ends_what_only_it_could_open(fresh: Machine) -> None:
    settings = fresh.school()
    fresh.run("python -m core.manage demo --students 20", **settings)
    key = fresh.root / "school/secret.key"
    made = machine.sentence("openssl rand")
    key.write_text(fresh.run(made))
    said = fresh.run(f"python -m core.manage {machine.sentence('rotate-key --old-is-lost')}", **settings)
    assert re.search(r"Ended: [1-9]\d* links", said)
