"""A mail server that says yes to everything and keeps nothing, in a process of its own: for measurements."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from core.config import ROOT
from tests.peers.firstkey import free_port


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink\r\n")
    try:
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 yes\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _main(port: int) -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", port)
    print("up", flush=True)
    await server.serve_forever()


@contextmanager
def sink() -> Iterator[int]:
    """Start one and stop it; gives its port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.peers.smtp_sink", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield port
    finally:
        process.kill()
        process.wait(30)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
