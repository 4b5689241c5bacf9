"""GET /metrics for Prometheus: figures without a name in them, for whoever knows the token or asks on this machine."""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Iterator
from threading import Lock

import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core import database, measures, version
from core.config import settings
from core.tables import health
from core.web.middleware.hosts import LOOPBACK

KEPT_S = 10.0  # however many ask, the database counts no more often


def show(request: Request) -> Response:
    """To everybody else there is nothing here."""
    if not _may(request):
        return PlainTextResponse("Not found", 404)
    content = generate_latest(measures.REGISTRY) + generate_latest(_school)
    return Response(content, headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})


def _may(request: Request) -> bool:
    """Without a token: from this machine, under a name of this machine, so through no proxy."""
    if token := settings().metrics_token:
        said = request.headers.get("authorization", "")
        return hmac.compare_digest(said.encode(), f"Bearer {token}".encode())
    return LOOPBACK.fullmatch(request.headers.get("host", "").lower()) is not None and _is_near(request)


def _is_near(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class _School:
    """What the database knows; asked at each scrape, answered from memory for ten seconds.

    Gauges alone: rows are deleted by retention and come back with a backup, and a counter must never fall.
    """

    def __init__(self) -> None:
        self._lock, self._until, self._known = Lock(), 0.0, list[Metric]()

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._known, self._until = list(_figures()), time.monotonic() + KEPT_S
            yield from self._known


def _figures() -> Iterator[Metric]:
    try:
        with database.reading() as db:
            facts, messages, sign_ins = health.facts(db), health.messages(db), health.sign_ins(db)
    except sa.exc.SQLAlchemyError:
        yield GaugeMetricFamily("firstkey_database_up", "Whether the database answers.", value=0)
        return
    yield GaugeMetricFamily("firstkey_database_up", "Whether the database answers.", value=1)
    info = GaugeMetricFamily("firstkey_info", "Which program this is.", labels=["version"])
    info.add_metric([version.program()], 1)
    yield info
    states = GaugeMetricFamily("firstkey_messages", "Messages by what became of them.", labels=["status"])
    for status, number in messages.items():
        states.add_metric([status], number)
    yield states
    signed = GaugeMetricFamily("firstkey_sign_ins_last_day", "Sign-ins within the last 24 hours.", labels=["result"])
    for action, number in sign_ins.items():
        signed.add_metric([action.partition(".")[2]], number)
    yield signed
    waited = (facts.now - facts.due_since).total_seconds() if facts.due_since else 0
    yield GaugeMetricFamily("firstkey_queue_due", "Messages that could leave now.", value=facts.due)
    yield GaugeMetricFamily("firstkey_queue_due_seconds", "For how long the first of them could.", value=waited)
    yield GaugeMetricFamily("firstkey_sending_held", "Whether all sending is held.", value=int(facts.held))
    yield GaugeMetricFamily("firstkey_delivering_processes", "Processes that deliver.", value=facts.processes)
    disks = GaugeMetricFamily("firstkey_disk_free_bytes", "Room left, by what lies there.", labels=["holds"])
    for disk in facts.disks:
        for held in disk.holds:
            disks.add_metric([held], disk.free_bytes)
    yield disks
    stopped = len(facts.stopped)
    yield GaugeMetricFamily("firstkey_campaigns_stopped", "Campaigns that paused by themselves.", value=stopped)
    if facts.backup_at is not None:
        age = (facts.now - facts.backup_at).total_seconds()
        yield GaugeMetricFamily("firstkey_backup_age_seconds", "Since the latest backup.", value=age)


_school = CollectorRegistry()
_school.register(_School())
ROUTES = [Route("/metrics", show, methods=["GET"])]
