"""Staff on the list page of one running server: bytes of a rerun, and 300 at once of whom each acts every 5 seconds."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from core import database
from core.rules import words
from core.tables import options
from tests.benchmarks import list_questions, list_reruns, staff_sessions
from tests.benchmarks.report import Report, p95
from tests.benchmarks.websocket_driver import Rerun, Visitor
from tests.peers.firstkey import Server

VISITORS, FIRST_ACTS, THINK_S, MEASURE_S = 300, 3, 5.0, 60.0
QUIET_RERUNS = 60
Asked = dict[str, list[str]]


@dataclass(frozen=True)
class Questions:
    """Answers by the labels of the form, and beginnings of names."""

    asked: list[Asked]
    names: list[str]


@dataclass(frozen=True)
class Crowd:
    """What they waited, and the server's memory when nobody waited and when all were at work.

    Where the machine cannot follow, the second is that of the answers that wait, more than that of sessions.
    """

    taken: list[Rerun]
    at_rest_kb: int
    at_work_kb: int


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
    crowd = asyncio.run(_together(server, tokens, questions))
    report.figure("sessions_300_p95_ms", p95([rerun.ms for rerun in crowd.taken]), "ms", runs=len(crowd.taken))
    waited = statistics.median(rerun.ms for rerun in crowd.taken)
    report.figure("sessions_300_p50_ms", waited, "ms", runs=len(crowd.taken))
    report.figure("session_memory_at_rest_kb", (crowd.at_rest_kb - before) / VISITORS, "kB", runs=VISITORS)
    report.figure("session_memory_kb", (crowd.at_work_kb - before) / VISITORS, "kB", runs=VISITORS)


async def _alone(server: Server, token: str, questions: Questions) -> list[Rerun]:
    async with Visitor(server.url, token, "students") as visitor:
        await visitor.open()
        chance = random.Random(3)
        return [await _act(visitor, chance, questions) for _ in range(QUIET_RERUNS)]


async def _together(server: Server, tokens: list[str], questions: Questions) -> Crowd:
    """They come one after the other and act a few times; once all are there, each acts every five seconds."""
    async with AsyncExitStack() as stack:
        visitors = [await _come(stack, server, token, questions) for token in tokens]
        at_rest_kb, end = _own_memory_kb(server), time.monotonic() + MEASURE_S
        tasks = [asyncio.create_task(_work(visitor, questions, end)) for visitor in visitors]
        await asyncio.sleep(MEASURE_S - 1)
        at_work_kb = _own_memory_kb(server)
        taken = await asyncio.gather(*tasks)
    return Crowd([rerun for own in taken for rerun in own], at_rest_kb, at_work_kb)


async def _come(stack: AsyncExitStack, server: Server, token: str, questions: Questions) -> Visitor:
    visitor = await stack.enter_async_context(Visitor(server.url, token, "students"))
    await visitor.open()
    chance = random.Random(token)
    for _ in range(FIRST_ACTS):
        await _act(visitor, chance, questions)
    return visitor


async def _work(visitor: Visitor, questions: Questions, end: float) -> list[Rerun]:
    chance, taken = random.Random(visitor.token[::-1]), list[Rerun]()
    await asyncio.sleep(chance.random() * THINK_S)
    while time.monotonic() < end:
        taken.append(await _act(visitor, chance, questions))
        await asyncio.sleep(chance.uniform(0.5, 1.5) * THINK_S)
    return taken


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
