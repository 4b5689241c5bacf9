"""Waiting for what the engine does in threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable


def wait_until(so: Callable[[], bool]) -> None:
    """At most half a minute."""
    pause = threading.Event()
    for _ in range(600):
        if so():
            return
        pause.wait(0.05)
    raise AssertionError("it took too long")
