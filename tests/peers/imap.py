"""A real IMAP server on loopback (pymap) with one mailbox, and a front for it that speaks TLS from the start."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.gateways import imap_words
from tests.peers.firstkey import free_port

USER, PASSWORD = "office", 'a "pass\\word" of 3'
_RUN = "import pymap.main; pymap.main.main()"


@dataclass(frozen=True)
class Server:
    """Where it listens, and what is in it."""

    port: int

    @contextmanager
    def _open(self, folder: str) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=30) as imap:
            imap.login(USER, imap_words.quoted(PASSWORD)[1:-1].replace('\\"', '"').replace("\\\\", "\\"))
            imap.select(imap_words.quoted(imap_words.folder(folder)))
            yield imap

    def create(self, folder: str) -> None:
        with self._open("INBOX") as imap:
            imap.create(imap_words.quoted(imap_words.folder(folder)))

    def put(self, *contents: bytes, folder: str = "INBOX", at: str = "") -> None:
        """Let these e-mails arrive, now or `at` a date that IMAP understands."""
        with self._open(folder) as imap:
            for content in contents:
                when = at or imaplib.Time2Internaldate(time.time())
                said, _ = imap.append(imap_words.quoted(imap_words.folder(folder)), "", when, content)
                assert said == "OK"

    def seen(self, folder: str = "INBOX") -> list[bool]:
        """Of each e-mail in the folder, in the order of arrival."""
        with self._open(folder) as imap:
            _, found = imap.fetch("1:*", "(FLAGS)")
            return [b"\\Seen" in line for line in found if isinstance(line, bytes)]


@contextmanager
def server(*, certificate: Path | None = None) -> Iterator[Server]:
    """Start one and stop it. With a certificate it offers STARTTLS; loopback may sign in without."""
    port = free_port()
    tls = ["--cert", str(certificate), "--key", str(certificate)] if certificate else ["--no-tls"]
    where = ["--host", "127.0.0.1", "--port", str(port), *tls]
    who = ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    process = subprocess.Popen([sys.executable, "-c", _RUN, *where, *who], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield Server(port)
    finally:
        process.kill()
        process.wait(30)
