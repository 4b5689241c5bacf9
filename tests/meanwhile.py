"""Two acts at the same moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from core import database
from core.errors import AppError


def meanwhile(first: Callable[[Session], Any], second: Callable[[Session], Any]) -> list[Any]:
    """The second begins while the first is not stored yet; gives what the second came to."""
    came_to: list[Any] = []

    def other() -> None:
        try:
            with database.transaction(wait_ms=20_000) as db:
                came_to.append(second(db))
        except AppError as refusal:
            came_to.append(refusal)

    with database.transaction() as db:
        first(db)
        beside = threading.Thread(target=other)
        beside.start()
        time.sleep(0.7)
    beside.join(20)
    return came_to
