"""Documents are drawn outside this process: each in a process of its own, which ends with the document.

One small process waits with everything loaded (loading takes a second) and forks for each document. So the web process
neither loads fpdf2 nor shares its interpreter with the drawing, and the memory of a big report returns at once.
"""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import threading
from functools import lru_cache
from pathlib import Path

from core.documents.papers import Credentials, Paper, Pictures, Preview
from core.errors import AppError

_ROOT = Path(__file__).resolve().parent.parent.parent
_AT_ONCE = 2
_LONGEST_SILENCE = 180.0  # seconds; 100,000 students take about four


def draw(paper: Paper) -> bytes:
    """The PDF of `paper`; refuses with a sentence when the drawing process failed."""
    return _press().draw(paper)


def pictures(paper: Credentials, pages: int, *, first: int = 1) -> Pictures:
    """Pages of `paper` as pictures, from the first asked for on, or from the last there is."""
    drawn: Pictures = pickle.loads(_press().draw(Preview(paper, pages, first)))  # noqa: S301  (from the process we started)
    return drawn


def warm_up() -> None:
    """Start the waiting process now, so that nobody waits for it later."""
    _press().start()


class _Press:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self._control: socket.socket | None = None

    def draw(self, paper: Paper) -> bytes:
        with self._places:
            drawn = self._through(self._line(), paper)
        if not drawn:
            raise AppError("The document could not be made; nothing was changed. Try again, or choose fewer students.")
        return drawn

    def start(self) -> None:
        with self._lock:
            if self._control is None:
                self._control = _waiting_process()

    def _line(self) -> socket.socket:
        """A connection to a fresh drawing process."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._hand_over(theirs)
            except OSError:  # the waiting process has died: start another, once
                self._control = None
                self._hand_over(theirs)
        return ours

    def _hand_over(self, theirs: socket.socket) -> None:
        self.start()
        with self._lock:
            if self._control is None:
                raise BrokenPipeError
            socket.send_fds(self._control, [b"+"], [theirs.fileno()])

    def _through(self, line: socket.socket, paper: Paper) -> bytes:
        """Send the paper, read the document; nothing when the process died on the way."""
        line.settimeout(_LONGEST_SILENCE)
        try:
            with line, line.makefile("rb") as answer:
                line.sendall(pickle.dumps(paper))
                line.shutdown(socket.SHUT_WR)
                length = int.from_bytes(answer.read(8), "big")
                drawn = answer.read(length)
        except OSError:
            return b""
        return drawn if len(drawn) == length else b""


@lru_cache
def _press() -> _Press:
    return _Press()


def _waiting_process() -> socket.socket:
    """Start the process that waits. It ends by itself when our end of the connection is closed, however we end."""
    ours, theirs = socket.socketpair()
    with theirs:
        subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "core.documents.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=_ROOT,
            env={"PATH": os.defpath, "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1"},  # no keys, no addresses
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for the server, which finishes its documents
        )
    return ours
