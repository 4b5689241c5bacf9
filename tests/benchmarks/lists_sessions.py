"""Staff on the list page of one running server: bytes of a rerun, and 300 at once of whom each acts every 5 seconds."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from core import database
from core.rules import words
from core.tables import options
from tests.benchmarks import list_questions, list_reruns, staff_sessions
from tests.benchmarks.report import Report, p95
from tests.benchmarks.websocket_driver import Rerun, Visitor
from tests.peers.firstkey import Server

VISITORS, THINK_S, ARRIVE_S, MEASURE_S = 300, 5.0, 40.0, 40.0
QUIET_RERUNS = 60
Asked = dict[str, list[str]]


@dataclass(frozen=True)
class Questions:
    """Answers by the labels of the form, and beginnings of names."""

    asked: list[Asked]
    names: list[str]


def figures(report: Report, server: Server) -> None:
    """First one browser alone, then three hundred."""
    with database.reading() as db:
        actor = list_reruns.office()
        classes = list(options.sections(db, actor).values())[:40]
        asked: list[Asked] = [*({"Class": [name]} for name in classes), {}]
        asked += [{"Grade": [grade]} for grade in options.grades(db, actor)]
        asked += [{"State": [said.label]} for said in words.ACCOUNT_STATE.values()]
    names = [person.last_name[:4] for person in list_questions.look_around(actor, random.Random(5)).people[:40]]
    questions = Questions(asked, names)
    tokens = staff_sessions.tokens(VISITORS + 1)
    alone = asyncio.run(_alone(server, tokens.pop(), questions))
    report.figure("list_rerun_bytes_p95", p95([rerun.received for rerun in alone]), "B", runs=len(alone))
    report.figure("list_rerun_round_trip_p95_ms", p95([rerun.ms for rerun in alone]), "ms", runs=len(alone))
    before = _own_memory_kb(server)
    taken, after = asyncio.run(_together(server, tokens, questions))
    report.figure("sessions_300_p95_ms", p95([rerun.ms for rerun in taken]), "ms", runs=len(taken))
    report.figure("sessions_300_p50_ms", statistics.median(rerun.ms for rerun in taken), "ms", runs=len(taken))
    report.figure("session_memory_kb", (after - before) / VISITORS, "kB", runs=VISITORS)


async def _alone(server: Server, token: str, questions: Questions) -> list[Rerun]:
    async with Visitor(server.url, token, "students") as visitor:
        await visitor.open()
        chance = random.Random(3)
        return [await _act(visitor, chance, questions) for _ in range(QUIET_RERUNS)]


async def _together(server: Server, tokens: list[str], questions: Questions) -> tuple[list[Rerun], int]:
    """What they waited once all were there, and the server's memory at the end."""
    taken: list[Rerun] = []
    warm = time.monotonic() + ARRIVE_S
    tasks = [asyncio.create_task(_work(server, token, questions, warm, taken)) for token in tokens]
    await asyncio.sleep(ARRIVE_S + MEASURE_S - 1)
    taken_kb = _own_memory_kb(server)
    await asyncio.gather(*tasks)
    return taken, taken_kb


async def _work(server: Server, token: str, questions: Questions, warm: float, taken: list[Rerun]) -> None:
    chance = random.Random(token)
    await asyncio.sleep(chance.random() * ARRIVE_S * 0.8)
    async with Visitor(server.url, token, "students") as visitor:
        await visitor.open()
        while time.monotonic() < warm + MEASURE_S:
            await asyncio.sleep(chance.uniform(0.5, 1.5) * THINK_S)
            rerun = await _act(visitor, chance, questions)
            if time.monotonic() > warm:
                taken.append(rerun)


async def _act(visitor: Visitor, chance: random.Random, questions: Questions) -> Rerun:
    """Half of what people do is another search, half another page of what they found."""
    if chance.random() < 0.5:
        return await visitor.leaf(chance.randrange(1, 5))
    if chance.random() < 0.3:
        return await visitor.search(chance.choice(questions.names))
    return await visitor.search("", **chance.choice(questions.asked))


def _own_memory_kb(server: Server) -> int:
    """Without the mapped pages of the database's file: all sessions share them, and the system takes them back."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
