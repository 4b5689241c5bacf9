"""Microsoft Entra as the `emulate` package of npm plays it: the code flow with PKCE, written by others than ourselves.

`make test` installs it (tests/system_packages.sh). It speaks plain HTTP, and MSAL wants TLS: that is put in front here.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.entra import CLIENT, SECRET, TENANT, certificate
from tests.peers.firstkey import free_port, listens
from tests.peers.twilio import HERE, MISSING


@dataclass(frozen=True)
class EmulatedEntra:
    """The running counterpart."""

    url: str
    certificate: Path

    def settings(self) -> dict[str, str]:
        """The settings with which Firstkey signs in here."""
        return {
            "FIRSTKEY_MICROSOFT_TENANT_ID": TENANT,
            "FIRSTKEY_MICROSOFT_CLIENT_ID": CLIENT,
            "FIRSTKEY_MICROSOFT_CLIENT_SECRET": SECRET,
            "FIRSTKEY_MICROSOFT_AUTHORITY": self.url,
            "REQUESTS_CA_BUNDLE": str(self.certificate),
        }


@contextmanager
def running(folder: Path, *, users: dict[str, str], come_back_to: str) -> Iterator[EmulatedEntra]:
    """Start it and stop it; `users` are names by address, `come_back_to` is the one address that it sends people to."""
    node, program = shutil.which("node"), HERE / "node_modules/emulate/dist/index.js"
    assert node and program.exists(), MISSING
    plain, secure = free_port(), free_port()
    pem, key = certificate(folder)
    seed = folder / "emulate.json"
    seed.write_text(json.dumps({"microsoft": _seed(users, come_back_to)}))
    url = f"https://localhost:{secure}"
    command = [node, "-r", str(HERE / "loopback.cjs"), str(program), "start", "--seed", str(seed)]
    command += ["--service", "microsoft", "--port", str(plain), "--base-url", url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if b"Config:" in line:  # its last line
                break
        listens(plain)
        with _tls(secure, plain, pem, key):
            yield EmulatedEntra(url, pem)
    finally:
        process.kill()
        process.wait(30)


def _seed(users: dict[str, str], come_back_to: str) -> dict[str, object]:
    people = [{"email": email, "name": name, "tenant_id": TENANT} for email, name in users.items()]
    client = {"client_id": CLIENT, "client_secret": SECRET, "name": "Firstkey", "tenant_id": TENANT}
    return {"users": people, "oauth_clients": [client | {"redirect_uris": [come_back_to]}]}


@contextmanager
def _tls(port: int, behind: int, pem: Path, key: Path) -> Iterator[None]:
    """Takes TLS off and hands everything on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    loop, up = asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        await asyncio.start_server(lambda r, w: _hand_on(r, w, behind), "127.0.0.1", port, ssl=context)
        up.set()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, behind: int) -> None:
    there, to_there = await asyncio.open_connection("127.0.0.1", behind)
    await asyncio.gather(_pump(reader, to_there), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    except ConnectionError:
        pass
    finally:
        target.close()
