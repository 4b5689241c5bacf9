"""Several processes of one school on one PostgreSQL, each started and stopped by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from core.config import ROOT

KEY = bytes(range(60, 92)).hex()


class Processes:
    """Web processes by their port, workers by their name; all with the same settings."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.running = folder, dict[str, subprocess.Popen[bytes]]()
        self.environment = os.environ | {"FIRSTKEY_SECRET_KEY": KEY, "FIRSTKEY_GRACE_SECONDS": "0"}
        self.environment |= {f"FIRSTKEY_{name.upper()}": value for name, value in settings.items()}

    def web(self, port: int) -> None:
        self._start(str(port), "serve", FIRSTKEY_PORT=str(port), FIRSTKEY_EXECUTOR_ID=f"web-{port}")

    def worker(self, name: str) -> None:
        self._start(name, "worker", FIRSTKEY_EXECUTOR_ID=name)

    def command(self, *words: str) -> str:
        line = [sys.executable, "-m", "core.manage", *words]
        done = subprocess.run(line, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def wait_for(self, *ports: int, seconds: float = 120) -> None:
        """Until each web process says that it is well."""
        end = time.monotonic() + seconds
        for port in ports:
            while not _is_well(port):
                assert self.running[str(port)].poll() is None, self.log(str(port))
                assert time.monotonic() < end, self.log(str(port))
                time.sleep(0.1)

    def kill(self, name: str) -> None:
        """As a power cut would."""
        self.running[name].kill()
        self.running.pop(name).wait(30)

    def stop(self, name: str) -> None:
        """As systemd does."""
        self.running[name].send_signal(signal.SIGTERM)
        self.running.pop(name).wait(40)

    def stop_all(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait(30)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def _start(self, name: str, command: str, **own: str) -> None:
        with (self.folder / f"{name}.log").open("a") as log:
            line = [sys.executable, "-m", "core.manage", command]
            self.running[name] = subprocess.Popen(
                line, cwd=ROOT, env=self.environment | own, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )


def _is_well(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
