"""Several processes of one school on one PostgreSQL, each started and stopped by itself, and browsers before them."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import BrowserContext, Page, expect

from core.config import ROOT
from tests.cast import Cast, Member
from tests.peers.mailbox import Mailbox
from tests.peers.nginx import Front
from tests.web.browsing import PASSWORD

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


@dataclass
class District:
    """The front, the processes behind it by their port, the people, and what was mailed to them."""

    front: Front
    processes: Processes
    ports: tuple[int, int]
    cast: Cast
    box: Mailbox

    def person(self, source: str = "127.0.0.1", **headers: str) -> httpx.Client:
        """Somebody's browser, which comes from an address of this machine."""
        way = httpx.HTTPTransport(local_address=source, verify=trusting(self.front))
        own = {"Origin": self.front.url} | headers
        return httpx.Client(base_url=self.front.url, transport=way, headers=own, timeout=60)

    def serves(self, client: httpx.Client) -> int:
        """The port of the process that answers this browser; the line of the log comes after the answer."""
        before = len(self._served())
        client.get("/sign-in")
        while len(served := self._served()) == before:
            time.sleep(0.01)
        return served[-1]

    def _served(self) -> list[int]:
        """Who answered each page of the sign-in: an open page of Chromium asks for other things meanwhile."""
        return [int(port) for port in re.findall(r" GET /sign-in .*:(\d+)\n", self.front.log)]

    def signs_in(self, page: Page, who: Member) -> None:
        """Somebody of the staff, as far as the first page."""
        page.goto("/sign-in")
        page.get_by_label("Username").fill(who.account.username)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Account status")).to_be_visible(timeout=60_000)

    def has(self, context: BrowserContext) -> int:
        """The port of the process that would answer this one of Chromium next."""
        node = next(each["value"] for each in context.cookies() if each["name"] == "firstkey_node")
        with self.person(Cookie=f"firstkey_node={node}") as same:
            return self.serves(same)

    def come_back(self) -> None:
        """Whoever is not there is started again, and nginx has seen it: for five seconds it asks the others alone."""
        for port in self.ports:
            if str(port) not in self.processes.running:
                self.processes.web(port)
        self.processes.wait_for(*self.ports)
        seen = set[int]()
        while seen < set(self.ports):
            with self.person() as somebody:
                seen.add(self.serves(somebody))


def trusting(front: Front) -> ssl.SSLContext:
    """Who knows the certificate of this test."""
    return ssl.create_default_context(cafile=str(front.folder / "fullchain.pem"))


def _is_well(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
