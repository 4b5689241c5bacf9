"""A running server as attackers meet it, and somebody who comes to it from an address of their own."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import delete

from core import config, database
from core.models import Account, SchoolSettings
from tests import cast as tests_cast
from tests.cast import Cast
from tests.peers import firstkey
from tests.peers.firstkey import Server
from tests.web.browsing import HASH, PASSWORD

LONG = os.environ.get("FIRSTKEY_SECURITY") == "long"
PUPILS = 200
WRONG = "not this one at all"


@dataclass
class Site:
    """The server, its people, and 200 students more who have chosen PASSWORD."""

    server: Server
    cast: Cast
    usernames: list[str]

    @property
    def outbox(self) -> Path:
        return self.server.folder / "outbox"

    def mails(self) -> list[dict[str, Any]]:
        """What went out, oldest first."""
        return [json.loads(path.read_text()) for path in sorted(self.outbox.glob("*.json"))]

    def mail_to(self, address: str, *, about: str = "", within_s: float = 120) -> dict[str, Any]:
        """The newest message to an address, about something, waited for."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            found = [mail for mail in self.mails() if mail["to"] == address and about in mail["subject"]]
            if found:
                return found[-1]
            time.sleep(0.2)
        raise AssertionError(f"no message to {address} about “{about}”")

    def stranger(self, ip: str = "203.0.113.1", **headers: str) -> Stranger:
        return Stranger(self, ip, headers)


@dataclass
class Stranger:
    """A browser behind the proxy, seen from an address; keeps cookies and sends the forms it was shown."""

    site: Site
    ip: str
    headers: dict[str, str] = field(default_factory=dict)
    page: str = ""

    def __post_init__(self) -> None:
        own = {"X-Forwarded-For": self.ip, "Origin": self.site.server.url} | self.headers
        # The server hangs up on what stands idle for five seconds; a browser then connects anew, and so do we.
        limits = httpx.Limits(keepalive_expiry=2)
        self.client = httpx.Client(base_url=self.site.server.url, headers=own, timeout=120, limits=limits)

    def __enter__(self) -> Stranger:
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.close()

    def open(self, path: str, **headers: str) -> httpx.Response:
        return self._kept(self.client.get(path, headers=headers))

    def send(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        return self._kept(
            self.client.post(path, data={"form_token": self.hidden("form_token")} | fields, headers=headers)
        )

    def sign_in(self, username: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
        self.open("/sign-in")
        return self.send("/sign-in", {"username": username, "password": password, "next": "/"}, **headers)

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        return unescape(found[1]) if found else ""

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        if "text/html" in answer.headers.get("content-type", ""):
            self.page = answer.text
        return answer


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Site]:
    """A server with the cast; the test process uses the same database and key."""
    with (
        firstkey.running(folder, demo="no", trusted_proxies="127.0.0.1", **settings) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name in ("FIRSTKEY_DATABASE_URL", "FIRSTKEY_ENGINE_URL", "FIRSTKEY_PORT"):
            patch.setenv(name, server.environment[name])
        patch.delenv("FIRSTKEY_SECRET_KEY", raising=False)
        _forget()
        with database.transaction() as db:
            db.exec(delete(SchoolSettings))
            people = tests_cast.school(db)
            class_9c = tests_cast.section(db, period=people.period, title="9C", grade="9")
            usernames = []
            for number in range(PUPILS):
                pupil = tests_cast.person(db, in_section=class_9c, first_name="Pupil", last_name=f"Number{number}")
                made = tests_cast.account(db, person=pupil, username=f"pupil.{number:03}", password_hash=HASH)
                tests_cast.role(db, account=made, role=tests_cast.Role.STUDENT)
                usernames.append(made.username)
            for member in (people.ada, people.olga, people.cora, people.tom, people.sam, people.max, people.gina):
                db.get_one(Account, member.account.id).password_hash = HASH
        yield Site(server, people, usernames)
        _forget()


def resident_kb(server: Server) -> int:
    """The memory of the server process, from /proc."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _forget() -> None:
    database.forget()
    config.settings.cache_clear()
