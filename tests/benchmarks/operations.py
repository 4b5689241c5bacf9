"""Backing up and restoring a school of 100,000 people, on both databases."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import sqlalchemy as sa

from core import config, database, keys
from core.backup import making, restoring
from core.services import audit
from tests.benchmarks.report import Report
from tests.benchmarks.scratch import seeded_school
from tests.peers import postgres

STUDENTS = 55_000  # and their guardians: 100,000 people and more
KEY = b"five words that nobody else knows"


def run(report: Report) -> None:
    """One run each: a minute's work, and no figure that a second run would change."""
    with seeded_school(students=STUDENTS) as folder:
        _drill(report, folder, "")
    with postgres.cluster() as url, seeded_school(students=STUDENTS, postgres_url=url) as folder:
        _drill(report, folder, "_pg", restore_into=_empty(url))


def _drill(report: Report, folder: Path, suffix: str, *, restore_into: str = "") -> None:
    with database.reading() as db:
        people = db.scalar(sa.text("SELECT count(*) FROM person"))
    report.figure(f"backup_people{suffix}", people or 0, "", runs=1)
    with tempfile.TemporaryDirectory() as backups:
        started = time.perf_counter()
        made = making.make(Path(backups), folder / "backup.key", key=KEY, keep=1)
        report.figure(f"backup_100k_s{suffix}", time.perf_counter() - started, "s", runs=1)
        report.figure(f"backup_100k_mb{suffix}", made.size / 2**20, "MB", runs=1)
        secret = keys.current().secret.hex()
        with _elsewhere(restore_into, secret):
            started = time.perf_counter()
            restoring.restore(made.path, KEY)
            with database.reading() as db:
                assert audit.verify(db).broken_at is None
            report.figure(f"restore_100k_s{suffix}", time.perf_counter() - started, "s", runs=1)


@contextmanager
def _elsewhere(database_url: str, secret: str) -> Iterator[None]:
    """An empty place with the same key."""
    with tempfile.TemporaryDirectory() as place:
        values = {
            "FIRSTKEY_DATABASE_URL": database_url or f"sqlite:///{place}/firstkey.db",
            "FIRSTKEY_ENGINE_URL": f"sqlite:///{place}/engine.db",
            "FIRSTKEY_SECRET_KEY": secret,
        }
        with mock.patch.dict(os.environ, values), mock.patch.object(config, "VAR", Path(place)):
            _forget()
            yield
            _forget()
    _forget()


def _empty(url: str) -> str:
    postgres.admin(url, "CREATE DATABASE restored")
    return url.format(name="restored").replace("postgresql://", "postgresql+psycopg://", 1)


def _forget() -> None:
    database.forget()
    config.settings.cache_clear()
