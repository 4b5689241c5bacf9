"""Staff on the list page of one running server: bytes of a rerun, and 300 at once of whom each acts every 5 seconds."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from pathlib import Path
from urllib.parse import urlencode

from core import database
from core.rules.account_state import AccountState
from core.tables import options
from tests.benchmarks import list_reruns, staff_sessions
from tests.benchmarks.report import Report, p95
from tests.benchmarks.websocket_driver import Rerun, Visitor
from tests.peers.firstkey import Server

VISITORS, THINK_S, ARRIVE_S, MEASURE_S = 300, 5.0, 40.0, 40.0
QUIET_RERUNS = 60


def figures(report: Report, server: Server) -> None:
    """First one browser alone, then three hundred."""
    with database.reading() as db:
        actor = list_reruns.office()
        queries = [
            *(urlencode({"section": section}) for section in list(options.sections(db, actor))[:40]),
            *(urlencode({"grade": grade}) for grade in options.grades(db, actor)),
            *(urlencode({"state": state}) for state in AccountState),
            *(urlencode({"has_mobile": "False", "state": state}) for state in ("ready", "invited")),
            "",
        ]
    tokens = staff_sessions.tokens(VISITORS + 1)
    alone = asyncio.run(_alone(server, tokens.pop(), queries))
    report.figure("list_rerun_bytes_p95", p95([rerun.received for rerun in alone]), "B", runs=len(alone))
    report.figure("list_rerun_round_trip_p95_ms", p95([rerun.ms for rerun in alone]), "ms", runs=len(alone))
    before = _resident_kb(server)
    taken, after = asyncio.run(_together(server, tokens, queries))
    report.figure("sessions_300_p95_ms", p95([rerun.ms for rerun in taken]), "ms", runs=len(taken))
    report.figure("sessions_300_p50_ms", statistics.median(rerun.ms for rerun in taken), "ms", runs=len(taken))
    report.figure("session_memory_kb", (after - before) / VISITORS, "kB", runs=VISITORS)


async def _alone(server: Server, token: str, queries: list[str]) -> list[Rerun]:
    async with Visitor(server.url, token, "students") as visitor:
        await visitor.ask()
        chance = random.Random(3)
        return [await _act(visitor, chance, queries) for _ in range(QUIET_RERUNS)]


async def _together(server: Server, tokens: list[str], queries: list[str]) -> tuple[list[Rerun], int]:
    """What they waited once all were there, and the server's memory at the end."""
    taken: list[Rerun] = []
    warm = time.monotonic() + ARRIVE_S
    tasks = [asyncio.create_task(_work(server, token, queries, warm, taken)) for token in tokens]
    await asyncio.sleep(ARRIVE_S + MEASURE_S - 1)
    resident = _resident_kb(server)
    await asyncio.gather(*tasks)
    return taken, resident


async def _work(server: Server, token: str, queries: list[str], warm: float, taken: list[Rerun]) -> None:
    chance = random.Random(token)
    await asyncio.sleep(chance.random() * ARRIVE_S * 0.8)
    async with Visitor(server.url, token, "students") as visitor:
        await visitor.ask()
        while time.monotonic() < warm + MEASURE_S:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * THINK_S)
            rerun = await _act(visitor, chance, queries)
            if time.monotonic() > warm:
                taken.append(rerun)


async def _act(visitor: Visitor, chance: random.Random, queries: list[str]) -> Rerun:
    """Half of what people do is another question, half another page of it."""
    if chance.random() < 0.5:
        return await visitor.ask(chance.choice(queries))
    return await visitor.leaf("", chance.randrange(1, 5))


def _resident_kb(server: Server) -> int:
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
