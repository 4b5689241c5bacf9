"""A server in Twilio's place that fails in the ways in which the real one and the network do."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

SLOW_S = 3.0


@dataclass
class Faults:
    """`fault` is how it answers next, `planned` first for a number; `taken` is what it stored, whatever it answered.

    `shown`: with which names and passwords they came.
    """

    url: str = ""
    fault: str = "created"
    code: int = 0
    retry_after: str = "7"
    planned: dict[str, list[str]] = field(default_factory=dict)
    taken: list[dict[str, str]] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)


@contextmanager
def running() -> Iterator[Faults]:
    """The server, on loopback."""
    state = Faults()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _handler(state: Faults) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length).decode()
            if len(body) < length:  # whoever asked was killed while asking: a provider takes no half request
                self.close_connection = True
                return
            state.shown.add(b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode())
            asked = {name: values[0] for name, values in parse_qs(body).items()}
            plan = state.planned.get(asked["To"])
            fault = plan.pop(0) if plan else state.fault
            if fault in ("created", "slow", "reset", "half", "broken"):
                state.taken.append(asked)
            getattr(self, f"_{fault}")(asked)

        def do_GET(self) -> None:
            if state.fault in ("html", "busy", "unauthorized"):
                getattr(self, f"_{state.fault}")({})
                return
            found = [self._message(number, asked) for number, asked in enumerate(state.taken)]
            sid = self.path.rpartition("/")[2].removesuffix(".json")
            one = next((message for message in found if message["sid"] == sid), None)
            if "Messages.json" in self.path:
                self._answer(200, {"messages": found, "next_page_uri": None})
            elif one:
                self._answer(200, one)
            else:
                self._answer(404, {"code": 20404, "message": "not found", "status": 404})

        def _created(self, asked: dict[str, str]) -> None:
            self._answer(201, self._message(len(state.taken) - 1, asked))

        def _error(self, _asked: dict[str, str]) -> None:
            self._answer(400, {"code": state.code, "message": "no", "status": 400})

        def _unauthorized(self, _asked: dict[str, str]) -> None:
            self._answer(401, {"code": 20003, "message": "no", "status": 401})

        def _busy(self, _asked: dict[str, str]) -> None:
            self._answer(429, {"code": 20429, "message": "slow down", "status": 429}, retry_after=state.retry_after)

        def _broken(self, _asked: dict[str, str]) -> None:
            self._answer(500, {"code": 20500, "message": "oops", "status": 500})

        def _html(self, _asked: dict[str, str]) -> None:
            self.send_response(200 if self.command == "GET" else 502)
            self.end_headers()
            self.wfile.write(b"<html>Bad gateway</html>")

        def _slow(self, _asked: dict[str, str]) -> None:
            time.sleep(SLOW_S)

        def _reset(self, _asked: dict[str, str]) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def _half(self, _asked: dict[str, str]) -> None:
            self.send_response(201)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"sid": "SM')
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)

        def _answer(self, status: int, content: dict[str, object], retry_after: str = "") -> None:
            self.send_response(status)
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def _message(self, number: int, asked: dict[str, str]) -> dict[str, object]:
            return {"sid": f"SM{number:032x}", "status": "queued", "error_code": None, "to": asked.get("To")}

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    return Handler
