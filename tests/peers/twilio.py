"""Twilio as the `emulate` package of npm plays it: it keeps messages, refuses as Twilio does and calls back, signed.

`make test` installs it (tests/system_packages.sh), without running its scripts; loopback.cjs keeps it on this machine.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.firstkey import free_port, listens

HERE = Path(__file__).parent
ACCOUNT, TOKEN, NUMBER = "AC00000000000000000000000000000000", "twilio_test_auth_token", "+15005550006"
SERVICE = "MG00000000000000000000000000000001"
MISSING = "Node.js or its package emulate is missing. Run: bash tests/system_packages.sh"


@dataclass(frozen=True)
class Twilio:
    """The running counterpart, and the settings that lead to it (FIRSTKEY_ names in lower case)."""

    url: str

    @property
    def settings(self) -> dict[str, str]:
        own = {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "twilio_from": NUMBER}
        return own | {"sms": "twilio", "twilio_api_base_url": self.url}

    def messages(self) -> list[dict[str, Any]]:
        """What it was given, oldest first."""
        listed = self._ask(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=1000")
        return list(reversed(listed["messages"]))

    def says(self, sid: str, status: str) -> None:
        """Move a message on; whoever asked to be called back is told."""
        self._ask("/_twilio/simulate/message-status", MessageSid=sid, Status=status)

    def account_is(self, status: str) -> None:
        """As if Twilio had closed it, or opened it again."""
        self._ask(f"/2010-04-01/Accounts/{ACCOUNT}.json", Status=status)

    def _ask(self, path: str, **form: str) -> dict[str, Any]:
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(self.url + path, data=data)
        request.add_header("Authorization", "Basic " + b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.loads(answer.read()))


@contextmanager
def running() -> Iterator[Twilio]:
    """Start it and stop it."""
    node, program = shutil.which("node"), HERE / "node_modules/emulate/dist/index.js"
    assert node and program.exists(), MISSING
    port = free_port()
    command = [node, "-r", str(HERE / "loopback.cjs"), str(program), "start", "--seed", str(HERE / "emulate.yaml")]
    process = subprocess.Popen(
        [*command, "--service", "twilio", "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if b"Config:" in line:  # its last line
                break
        listens(port)
        yield Twilio(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait(30)
