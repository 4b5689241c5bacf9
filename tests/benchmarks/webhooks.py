"""How fast the words of Twilio are taken in: signed callbacks over HTTP to a real server, each stored and applied."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest import mock
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlmodel import select
from twilio.request_validator import RequestValidator

from core import clock, config, database
from core.models import Campaign, CampaignKind, Channel, DeliveryEvent, Message, MessageAccount, MessageStatus
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import scratch_school
from tests.delivery import engine_room
from tests.peers import firstkey
from tests.peers.firstkey import Server

TOKEN, PATH = "token-of-the-benchmark", "/webhooks/twilio"
RUNS, MESSAGES, CONNECTIONS, PER_SECOND = 3, 2_000, 16, 200
STATUSES = ("queued", "sent", "delivered")


def run(report: Report) -> None:
    """The figures: as many as it takes, and how long one waits at 200 a second."""
    most, slowest = [], []
    for _ in range(RUNS):
        with _school() as (server, requests):
            half = len(requests) // 2
            slowest.append(_p99(asyncio.run(_at_a_rate(server, requests[:half]))) * 1000)
            most.append(_stored_and_applied_per_second(server, requests[half:]))
            _none_is_lost(len(requests))
    report.figure("webhook_per_s", statistics.median(most), "1/s", runs=RUNS)
    report.figure("webhook_p99_ms", statistics.median(slowest), "ms", runs=RUNS)


@contextmanager
def _school() -> Iterator[tuple[Server, list[bytes]]]:
    """A server of its own on a school that has sent its text messages, and what Twilio says of them."""
    with scratch_school() as folder:
        engine_room.school(MESSAGES)
        own = {"sms": "twilio", "twilio_auth_token": TOKEN, "twilio_api_base_url": "http://127.0.0.1:9"}
        server = firstkey.start(folder, **own)
        try:
            with mock.patch.dict(os.environ, {"FIRSTKEY_PORT": server.environment["FIRSTKEY_PORT"]}):
                config.settings.cache_clear()
                yield server, [_request(server, *said) for said in _sent()]
        finally:
            server.stop()


def _sent() -> list[tuple[str, str, str]]:
    """Messages that went out, each to its student, and three words about each: provider's name, reference, status."""
    now = clock.now()
    own = {"kind": CampaignKind.INITIAL_CREDENTIALS, "channel": Channel.SMS, "idempotency_key": "bench", "link_days": 7}
    own |= {"wording_ids": {}, "launched_by_label": "bench", "launched_at": now, "starts_at": now}
    same = {"campaign_id": 1, "batch": 0, "channel": Channel.SMS, "language": "en", "claimed_at": now, "attempts": 1}
    numbers = range(1, MESSAGES + 1)
    rows = [
        {"id": n, "address": f"+3069{n:08}", "reference": f"{n:032x}", "provider_id": f"SM{n:032x}", "status": "sent"}
        for n in numbers
    ]
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        db.add(Campaign(**own, id=1, recipients=MESSAGES, recipients_digest=""))  # type: ignore[arg-type]
        db.flush()
        db.execute(sa.insert(Message), [row | same for row in rows])
        db.execute(sa.insert(MessageAccount), [{"message_id": n, "account_id": n, "campaign_id": 1} for n in numbers])
    return [(row["provider_id"], row["reference"], status) for status in STATUSES for row in rows]  # type: ignore[misc]


def _request(server: Server, provider_id: str, reference: str, status: str) -> bytes:
    """A whole request, signed beforehand: what is timed is the server."""
    target = f"{PATH}?m={reference}"
    fields = {"MessageSid": provider_id, "MessageStatus": status, "To": "+306912345678", "AccountSid": "AC1"}
    body = urlencode(fields).encode()
    signature = RequestValidator(TOKEN).compute_signature(server.url + target, fields)
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {server.url.removeprefix('http://')}\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _at_a_rate(server: Server, requests: Sequence[bytes]) -> list[float]:
    """Each at its own moment, whether or not those before were answered; waiting counts from that moment on."""
    begin, waited = time.perf_counter() + 0.5, list[float]()
    queue = iter(enumerate(requests))

    async def caller() -> None:
        reader, writer = await _connect(server)
        for number, request in queue:
            moment = begin + number / PER_SECOND
            await asyncio.sleep(max(0.0, moment - time.perf_counter()))
            await _post(reader, writer, request)
            waited.append(time.perf_counter() - moment)
        writer.close()

    await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))
    return waited


def _stored_and_applied_per_second(server: Server, requests: Sequence[bytes]) -> float:
    started = time.perf_counter()
    asyncio.run(_as_fast_as_it_goes(server, requests))
    while _waiting():
        time.sleep(0.02)
    return len(requests) / (time.perf_counter() - started)


async def _as_fast_as_it_goes(server: Server, requests: Sequence[bytes]) -> None:
    queue = iter(requests)

    async def caller() -> None:
        reader, writer = await _connect(server)
        for request in queue:
            await _post(reader, writer, request)
        writer.close()

    await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))


async def _connect(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("localhost", int(server.environment["FIRSTKEY_PORT"]))


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    writer.write(request)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 204"), answer


def _waiting() -> int:
    with database.reading() as db:
        unheard = sa.select(sa.func.count()).select_from(DeliveryEvent).where(DeliveryEvent.applied_at == None)  # type: ignore[arg-type]  # noqa: E711
        return int(db.execute(unheard).scalar_one())


def _none_is_lost(callbacks: int) -> None:
    with database.reading() as db:
        kept = int(db.execute(sa.select(sa.func.count()).select_from(DeliveryEvent)).scalar_one())
        statuses = set(db.exec(select(Message.status).distinct()))
    assert (kept, statuses) == (callbacks, {MessageStatus.DELIVERED})


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[-1]
