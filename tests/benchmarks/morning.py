"""The first morning of a school year: 5,000 students come for the first time within ten minutes, the office looks on.

Seven of ten open the link of their invitation, three of ten type the initial password of a slip; all choose a password,
sign in and see their account. Arrivals are random, as people are: some seconds bring three times the average.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from core import database, keys
from core.models import Account, Purpose
from core.services import invitations
from core.services.invitations import Wanted
from tests.benchmarks import portal, staff_sessions
from tests.benchmarks.portal import PASSWORD, Invited
from tests.benchmarks.report import Report, p95
from tests.benchmarks.websocket_driver import Visitor
from tests.peers import postgres
from tests.peers.firstkey import Server

PEOPLE, MINUTES, WITH_SLIPS = 5_000, 10.0, 0.3
OFFICE, LOOKS_EVERY_S = 5, 5.0
_PATIENCE = aiohttp.ClientTimeout(total=60)
STUDENTS = 7_000  # more than come: some have no account, some sign in with Microsoft


@dataclass
class Morning:
    """What people waited for each page, in seconds, and what was no answer."""

    waited: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)


def run(report: Report) -> None:
    """One web process on each database."""
    _measured(report, "")
    with postgres.cluster() as url:
        postgres.admin(url, "CREATE DATABASE morning")
        database_url = url.format(name="morning").replace("postgresql://", "postgresql+psycopg://", 1)
        _measured(report, "_pg", database_url=database_url)


def _measured(report: Report, suffix: str, **settings: str) -> None:
    with portal.school(students=STUDENTS, **settings) as (server, invited):
        chance = random.Random(11)
        people = chance.sample(invited, PEOPLE)
        slips = _slips([person.username for person in people[: int(PEOPLE * WITH_SLIPS)]])
        morning = asyncio.run(_come(server, people[len(slips) :], slips, chance))
    for page, waited in sorted(morning.waited.items()):
        report.figure(f"morning_{page}_p95_ms{suffix}", p95(waited) * 1000, "ms", runs=len(waited))
    report.figure(f"morning_peak_p95_ms{suffix}", max(map(p95, morning.waited.values())) * 1000, "ms", runs=PEOPLE)
    report.figure(f"morning_peak_errors{suffix}", len(morning.faults), "", runs=PEOPLE)
    for fault in sorted(set(morning.faults))[:5]:
        print(f"  {fault}")


def _slips(usernames: list[str]) -> list[Invited]:
    """Initial passwords of these people; as on paper, their links work too."""
    with database.transaction() as db:
        accounts = {account.username: account.id or 0 for account in db.query(Account) if account.username in usernames}
        wanted = [Wanted(Purpose.PASSWORD, accounts[name], "print", "", 30, keys.current()) for name in usernames]
        issued = invitations.issue_several(db, wanted)
    return [Invited(name, one.token) for name, one in zip(usernames, issued, strict=True)]


async def _come(server: Server, linked: list[Invited], slips: list[Invited], chance: random.Random) -> Morning:
    morning, begin = Morning(), time.perf_counter()
    visits = [_by_link(server, person, morning) for person in linked]
    visits += [_by_slip(server, person, morning) for person in slips]
    chance.shuffle(visits)
    at = sorted(chance.uniform(0, MINUTES * 60) for _ in visits)
    office = [asyncio.create_task(_look(server, token, morning)) for token in staff_sessions.tokens(OFFICE)]

    async def later(visit: asyncio.Future[None], when: float) -> None:
        await asyncio.sleep(max(0.0, begin + when - time.perf_counter()))
        await visit

    await asyncio.gather(*(later(visit, when) for visit, when in zip(visits, at, strict=True)))  # type: ignore[arg-type]
    for one in office:
        one.cancel()
    await asyncio.gather(*office, return_exceptions=True)
    return morning


@dataclass
class _Person:
    """A browser that waits for each page, and notes how long.

    A light one: the visitors share the processors with what is measured, and httpx takes a fourth of one.
    """

    client: aiohttp.ClientSession
    morning: Morning

    async def page(self, name: str, path: str, *, to: str = "", **fields: str) -> str:
        """Open a page, or send its form; `to`: where an answer leads that is no page."""
        begin = time.perf_counter()
        method = "POST" if fields else "GET"
        async with self.client.request(method, path, data=fields or None, allow_redirects=False) as answer:
            text = await answer.text()
        self.morning.waited[name].append(time.perf_counter() - begin)
        wanted = (303, to) if to else (200, "")
        if (answer.status, answer.headers.get("location", "").split("?")[0]) != wanted:
            raise AssertionError(f"{name}: {answer.status} {answer.headers.get('location', '')}")
        return text


@asynccontextmanager
async def _person(server: Server, morning: Morning) -> AsyncIterator[_Person]:
    """What goes wrong is counted, and ends the visit."""
    try:
        async with aiohttp.ClientSession(server.url, headers={"Origin": server.url}, timeout=_PATIENCE) as client:
            client._retry_connection = False  # else it asks once more where the server hung up, and tells nobody
            yield _Person(client, morning)
    except (AssertionError, aiohttp.ClientError, TimeoutError) as fault:
        morning.faults.append(f"{type(fault).__name__} {fault}")


async def _by_link(server: Server, person: Invited, morning: Morning) -> None:
    async with _person(server, morning) as visitor:
        await visitor.page("link", f"/i/{person.token}", to="/invitation")
        token = portal.form_token(await visitor.page("invitation", "/invitation"))
        await visitor.page("chosen", "/invitation", to="/sign-in", form_token=token, password=PASSWORD)
        await _sign_in(visitor, person.username)


async def _by_slip(server: Server, person: Invited, morning: Morning) -> None:
    async with _person(server, morning) as visitor:
        choose = "/sign-in/new-password"
        token = portal.form_token(await visitor.page("sign_in", "/sign-in"))
        slip = {"form_token": token, "username": person.username, "password": person.token}
        await visitor.page("signed_in", "/sign-in", to=choose, **slip)
        token = portal.form_token(await visitor.page("new_password", choose))
        both = {"password": PASSWORD, "again": PASSWORD}
        await visitor.page("chosen", choose, to="/sign-in", form_token=token, **both)
        await _sign_in(visitor, person.username)


async def _sign_in(visitor: _Person, username: str) -> None:
    token = portal.form_token(await visitor.page("sign_in", f"/sign-in?username={username}"))
    known = {"form_token": token, "username": username, "password": PASSWORD}
    await visitor.page("signed_in", "/sign-in", to="/me", **known)
    await visitor.page("my_account", "/me")


async def _look(server: Server, token: str, morning: Morning) -> None:
    """Somebody of the office on Students List, who sees how many have come."""
    async with Visitor(server.url, token, "students") as visitor:
        await visitor.open()
        while True:
            await asyncio.sleep(LOOKS_EVERY_S)
            rerun = await visitor.search("", State=["Signed in"])
            morning.waited["students_list"].append(rerun.ms / 1000)
