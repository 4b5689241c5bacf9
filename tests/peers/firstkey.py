"""Firstkey itself as people run it: a server process of its own on a free port, with a folder of its own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.config import ROOT

READY_WITHIN_S = 90


@dataclass
class Server:
    """A running server; `setup_link` is None when an administrator exists."""

    url: str
    folder: Path
    process: subprocess.Popen[str]
    log: Path
    environment: dict[str, str]

    @property
    def setup_link(self) -> str | None:
        found = re.search(r"http://\S+/setup/\S+", self.log.read_text())
        return found[0] if found else None

    def kill(self) -> None:
        """As a power cut would: no goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> int:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int, *, seconds: float = 30) -> None:
    """Return when something on this machine answers there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on port {port}")


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Server]:
    """`python -m core.manage serve` with its data in `folder`; `settings` are FIRSTKEY_ names in lower case.

    It ends at once: to stop in order takes five seconds, and whoever means to see that calls `stop`.
    """
    server = start(folder, **settings)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


def start(folder: Path, **settings: str) -> Server:
    """Start it and wait until /healthz answers 200."""
    port = settings.pop("port", None) or str(free_port())
    log = folder / "server.log"
    environment = os.environ | {
        "FIRSTKEY_DATABASE_URL": f"sqlite:///{folder / 'firstkey.db'}",
        "FIRSTKEY_ENGINE_URL": f"sqlite:///{folder / 'engine.db'}",
        "FIRSTKEY_PORT": port,
        "FIRSTKEY_GRACE_SECONDS": "0",
        **{f"FIRSTKEY_{name.upper()}": value for name, value in settings.items()},
    }
    environment.pop("FIRSTKEY_SECRET_KEY", None)
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.manage", "serve"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    server = Server(f"http://localhost:{port}", folder, process, log, environment)
    _wait_until_healthy(server)
    return server


def _wait_until_healthy(server: Server) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended:\n{server.log.read_text()}")
        try:
            with urllib.request.urlopen(f"{server.url}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    server.kill()
    raise RuntimeError(f"the server did not become healthy:\n{server.log.read_text()}")
