"""Checking the chain of the audit, a million entries long."""

from __future__ import annotations

import statistics
import time
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from core import clock, database, keys
from core.models import AuditEntry
from core.services import audit, audit_chain
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import scratch_school

ENTRIES, RUNS = 1_000_000, 3


def run(report: Report) -> None:
    with scratch_school():
        _fill(ENTRIES)
        report.figure("audit_verify_s_1m", statistics.median([_check() for _ in range(RUNS)]), "s", runs=RUNS)


def _check() -> float:
    started = time.perf_counter()
    with database.reading() as db:
        assert audit.verify(db) == audit.Verdict(ENTRIES)
    return time.perf_counter() - started


def _fill(entries: int) -> None:
    """Entries as years of use leave them, sealed as the audit seals."""
    key, at, seal = keys.current(), clock.now(), audit_chain.FIRST_SEAL
    with database.transaction() as db:
        for start in range(0, entries, 10_000):
            rows = []
            for number in range(start, min(start + 10_000, entries)):
                row = _row(number, at + timedelta(seconds=number), key.kid, seal)
                seal = audit_chain.seal(SimpleNamespace(**row), key)  # type: ignore[arg-type]
                rows.append(row | {"seal": seal})
            db.connection().execute(sa.insert(AuditEntry), rows)


def _row(number: int, at: datetime, kid: str, previous: str) -> dict[str, Any]:
    return {
        "seq": number + 1,
        "at": at,
        "actor": f"account {number % 40}",
        "account_id": number % 40,
        "role": "office",
        "action": "card.viewed",
        "object_kind": "person",
        "object_id": number % 9_000,
        "result": "done",
        "details": {"count": number % 100, "kind": "credentials"} if number % 3 == 0 else {},
        "ip": "192.0.2.17",
        "session": "0f1e2d3c4b5a",
        "reason": "",
        "request": "a1b2c3d4e5f6",
        "kid": kid,
        "previous_seal": previous,
    }
