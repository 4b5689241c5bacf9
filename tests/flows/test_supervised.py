"""systemd hears that Firstkey is ready, and again and again that it is alive; of one that stands still nothing."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.peers import firstkey

EVERY_S = 0.5


@contextmanager
def _listening(at: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(at))
        ear.settimeout(10 * EVERY_S)
        yield ear


def _heard(ear: socket.socket, *, seconds: float) -> list[bytes]:
    found, end = list[bytes](), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        ear.settimeout(left)
        with suppress(TimeoutError):
            found.append(ear.recv(100))
    return found


def test_a_server_says_that_it_is_ready_and_alive_until_it_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", str(int(2 * EVERY_S * 1_000_000)))
    with _listening(tmp_path / "notify") as ear, firstkey.running(tmp_path) as server:
        said = _heard(ear, seconds=6 * EVERY_S)
        assert b"READY=1" in said and said.count(b"WATCHDOG=1") >= 3
        os.kill(server.process.pid, signal.SIGSTOP)
        _heard(ear, seconds=EVERY_S)
        assert _heard(ear, seconds=4 * EVERY_S) == []
