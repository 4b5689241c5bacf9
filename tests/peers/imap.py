"""A real IMAP server on loopback (pymap) with one mailbox, and a front for it that speaks TLS from the start."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from urllib.parse import quote

from core.gateways import imap_words
from tests.peers.firstkey import free_port

USER, PASSWORD = "office", 'a "pass\\word" of 3:@/%'
_numbers = count(1)


@dataclass(frozen=True)
class Server:
    """Where it listens, and what is in its folder."""

    port: int
    folder: str = "INBOX"

    def url(self, *, scheme: str = "imap", password: str = PASSWORD, folder: str = "") -> str:
        who = f"{USER}:{quote(password, safe='')}"
        return f"{scheme}://{who}@127.0.0.1:{self.port}/{quote(folder or self.folder)}"

    def with_folder(self) -> Server:
        """The same with an empty folder of its own; its name is one that has to be encoded."""
        made = replace(self, folder=f"Επιστροφές & more {next(_numbers)}")
        with self._signed_in() as imap:
            assert imap.create(_name(made.folder))[0] == "OK"
        return made

    def put(self, *contents: bytes, at: float | None = None) -> None:
        """Let these e-mails arrive, now or at another moment."""
        with self._open() as imap:
            for content in contents:
                when = imaplib.Time2Internaldate(at or time.time())
                said, _ = imap.append(_name(self.folder), "", when, content)
                assert said == "OK"

    def seen(self) -> list[bool]:
        """Of each e-mail, in the order of arrival."""
        with self._open() as imap:
            _, found = imap.fetch("1:*", "(FLAGS)")
            return [b"\\Seen" in line for line in found if isinstance(line, bytes)]

    @contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4]:
        with self._signed_in() as imap:
            assert imap.select(_name(self.folder), readonly=True)[0] == "OK"
            yield imap

    @contextmanager
    def _signed_in(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=30) as imap:
            imap.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            yield imap


@contextmanager
def server(*, certificate: Path | None = None) -> Iterator[Server]:
    """Start one and stop it. With a certificate it offers STARTTLS."""
    port = free_port()
    tls = ["--cert", str(certificate), "--key", str(certificate)] if certificate else ["--no-tls"]
    who = ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    program = [str(Path(sys.executable).with_name("pymap")), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([*program, *tls, *who], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield Server(port)
    finally:
        process.kill()
        process.wait(30)


@contextmanager
def tls_front(behind: Server, certificate: Path) -> Iterator[Server]:
    """The same mailbox for those who speak TLS from the start, as all providers offer it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    loop, port = asyncio.new_event_loop(), free_port()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner = await asyncio.open_connection("127.0.0.1", behind.port)
        await asyncio.gather(_pass_on(reader, inner[1]), _pass_on(inner[0], writer))

    loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", port, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield replace(behind, port=port)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def one_that_says(*lines: bytes) -> Iterator[tuple[Server, list[bytes]]]:
    """No server at all: greets with the first line, answers with the others in turn, hangs up. Gives what it heard."""
    listening, heard = socket.create_server(("127.0.0.1", 0)), list[bytes]()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as said:
            for number, line in enumerate(lines):
                heard.extend([said.readline()] if number else [])
                connection.sendall(line.replace(b"TAG", heard[-1].split()[0] if heard else b"*"))
            connection.settimeout(0.5)
            with contextlib.suppress(TimeoutError):
                heard.extend(said if lines else [])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Server(int(listening.getsockname()[1])), heard
    finally:
        thread.join(5)
        listening.close()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as probe:
            if probe.recv(4) == b"* OK":
                return
        time.sleep(0.05)
    raise RuntimeError("the IMAP server did not start")


def _name(folder: str) -> str:
    return imap_words.quoted(imap_words.folder(folder))
