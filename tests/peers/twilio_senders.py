"""Stands before the emulated Twilio and adds what it does not serve: short codes and names of a Messaging Service."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_KEYS = {"PhoneNumbers": "phone_numbers", "ShortCodes": "short_codes", "AlphaSenders": "alpha_senders"}


@dataclass
class Pool:
    """What the service has, by the last part of the address; where nothing is said, the emulated Twilio answers."""

    url: str = ""
    senders: dict[str, list[str]] = field(default_factory=dict)


@contextmanager
def before(url: str) -> Iterator[Pool]:
    """The server, on loopback; it passes on to `url` what it does not answer itself."""
    pool = Pool()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pool, url))
    pool.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield pool
    finally:
        server.shutdown()
        server.server_close()


def _handler(pool: Pool, url: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind = self.path.partition("?")[0].rpartition("/")[2]
            if kind in pool.senders:
                listed = [{"sid": sid} for sid in pool.senders[kind]]
                meta = {"key": _KEYS[kind], "next_page_url": None}
                self._answer(200, json.dumps({_KEYS[kind]: listed, "meta": meta}).encode())
                return
            passed = urllib.request.Request(url + self.path)
            passed.add_header("Authorization", self.headers["Authorization"])
            try:
                with urllib.request.urlopen(passed, timeout=30) as answer:
                    self._answer(answer.status, answer.read())
            except urllib.error.HTTPError as error:
                self._answer(error.code, error.read())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_of: object) -> None:
            """Nothing."""

    return Handler
