"""How fast people choose their password and sign in, against a real server process."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import httpx
import sqlalchemy as sa
from sqlmodel import col, select

from core import config, database, demo
from core.models import Account, AccountRole, Person, SignInMethod, UserType
from core.rules import password_hash
from core.services import invitations
from core.tables import periods
from tests.benchmarks.report import Report, p95
from tests.peers import firstkey
from tests.peers.firstkey import Server

STUDENTS, PASSWORD = 800, "violet kettle over the harbour"
ACTIVATIONS, PER_SECOND = 300, 10
PEOPLE_AT_ONCE, WINDOW_S, WINDOWS = 8, 10.0, 3


@dataclass(frozen=True)
class Invited:
    """Somebody with a live link."""

    username: str
    token: str


def run(report: Report) -> None:
    """The figures of the group."""
    with school(students=STUDENTS) as (server, invited):
        times = asyncio.run(_activate(server, invited[:ACTIVATIONS]))
        report.figure("activation_p95_ms", p95(times) * 1000, "ms", runs=len(times))
        _give_everybody_a_password()
        usernames = itertools.cycle([person.username for person in invited])
        report.median(
            "sign_in_per_s", "1/s", measure=lambda: asyncio.run(_sign_ins_per_second(server, usernames)), runs=WINDOWS
        )


@contextmanager
def school(*, students: int, **settings: str) -> Iterator[tuple[Server, list[Invited]]]:
    """A server of its own on a school where every student has just been invited; `settings` as for the server."""
    with tempfile.TemporaryDirectory(prefix="firstkey-bench-") as folder:
        server = firstkey.start(Path(folder), demo="no", **settings)
        seen = {name: server.environment[name] for name in ("FIRSTKEY_DATABASE_URL", "FIRSTKEY_PORT")}
        try:
            with mock.patch.dict(os.environ, seen):
                _forget()
                yield server, _invite(students)
        finally:
            server.stop()
            _forget()


def _forget() -> None:
    database.forget()
    config.settings.cache_clear()


def _invite(students: int) -> list[Invited]:
    with database.transaction() as db:
        db.execute(sa.text("DELETE FROM school_settings"))
        demo.seed(db, students=students, seed=1)
        db.execute(sa.update(Account).values(suspended_at=None, next_try_at=None, password_hash="", verified_at=None))
        db.execute(sa.update(Account).values(first_sign_in_at=None, last_sign_in_at=None, sign_ins=0))
        db.execute(sa.update(AccountRole).values(starts_on=None, ends_on=None))
    with database.transaction() as db:
        with_role = col(Account.id).in_(select(AccountRole.account_id).where(periods.in_force()))
        query = select(Account).join(Person).where(Account.user_type == UserType.STUDENT, with_role)
        accounts = db.exec(query.where(Account.sign_in_method == SignInMethod.LOCAL, Account.deactivated_at == None))  # noqa: E711
        issued = [(account.username, account.id or 0) for account in accounts]
        return [
            Invited(
                username,
                invitations.issue_link(db, account_id=account_id, channel="email", address="", days=7).token,
            )
            for username, account_id in issued
        ]


def _give_everybody_a_password() -> None:
    stored = password_hash.make(PASSWORD)
    with database.transaction() as db:
        db.execute(sa.update(Account).values(password_hash=stored))


async def _activate(server: Server, people: list[Invited]) -> list[float]:
    """Everybody opens their link and sends a password, ten a second whether or not the server keeps up."""
    started = time.perf_counter()

    async def one(number: int, person: Invited) -> float:
        await asyncio.sleep(max(0.0, started + number / PER_SECOND - time.perf_counter()))
        async with browser(server) as client:
            await client.get(f"/i/{person.token}")
            form = {"form_token": form_token((await client.get("/invitation")).text), "password": PASSWORD}
            before = time.perf_counter()
            answer = await client.post("/invitation", data=form)
            took = time.perf_counter() - before
        assert answer.status_code == 303, answer.text
        return took

    return list(await asyncio.gather(*(one(number, person) for number, person in enumerate(people))))


async def _sign_ins_per_second(server: Server, usernames: Iterator[str]) -> float:
    """People who know their password, some at once, one after the other for a while."""
    started = time.perf_counter()

    async def one() -> int:
        done = 0
        async with browser(server) as client:
            token = form_token((await client.get("/sign-in")).text)
            while time.perf_counter() - started < WINDOW_S:
                form = {"form_token": token, "username": next(usernames), "password": PASSWORD}
                answer = await client.post("/sign-in", data=form)
                assert answer.status_code == 303, answer.text
                client.cookies.delete("sid")
                done += 1
        return done

    done = sum(await asyncio.gather(*(one() for _person in range(PEOPLE_AT_ONCE))))
    return done / (time.perf_counter() - started)


def browser(server: Server) -> httpx.AsyncClient:
    """One person's, which follows nothing by itself."""
    return httpx.AsyncClient(base_url=server.url, headers={"Origin": server.url}, timeout=60, verify=False)


def form_token(page: str) -> str:
    """What the form of this page sends back."""
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]
