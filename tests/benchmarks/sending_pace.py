"""The rate that is set, as the receiver sees it."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from unittest import mock

from core import config
from tests.benchmarks import sending
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import scratch_school
from tests.delivery import engine_room
from tests.peers import smtp
from tests.peers.smtp import Behaviour

RATE, MESSAGES, SLOTS = 20, 1_600, (4, 16)  # a batch has 100: all slots are at work


class Timed(Behaviour):
    """Notes when each message came."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    async def handle_DATA(self, *arguments: object) -> str:  # noqa: N802
        self.moments.append(time.monotonic())
        return await super().handle_DATA(*arguments)  # type: ignore[arg-type]


def run(report: Report) -> None:
    """The figure."""
    report.figure("pace_20_worst_second", max(map(worst_second, SLOTS)), "1/s", runs=len(SLOTS))


def worst_second(slots: int) -> int:
    """The most messages that arrived within any second at a set rate of 20/s."""
    sink = Timed()
    with smtp.server(sink) as port, ExitStack() as settings:
        values = {"FIRSTKEY_EMAIL": "smtp", "FIRSTKEY_SMTP_URL": f"smtp://127.0.0.1:{port}"}
        values |= {"FIRSTKEY_EMAIL_RATE": str(RATE), "FIRSTKEY_EMAIL_SLOTS": str(slots)}
        settings.enter_context(mock.patch.dict(os.environ, values))
        with scratch_school():
            engine_room.school(MESSAGES)
            campaign_id = engine_room.launch()
            engine_room.start_engine()
            engine_room.wait_until(campaign_id, engine_room.finished, seconds=120)
            sending.engine.shutdown()
    config.settings.cache_clear()
    moments = sorted(sink.moments)
    return max(sum(start <= moment < start + 1 for moment in moments) for start in moments)
