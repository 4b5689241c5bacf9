"""Fixtures for all tests: a fresh database, the clock, the cast."""

from __future__ import annotations

import asyncio
import gc
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import hypothesis
import pytest

from core import clock as core_clock
from core import config, database, migrations, requests
from core.delivery import batches, breaker, pacing
from tests import cast as tests_cast
from tests import compiled
from tests.peers import postgres
from tests.peers.tenant import graph, tenant

__all__ = ["graph", "tenant"]  # fixtures of whoever asks Microsoft's directory
_numbers = count(1)
# The same examples every time: a gate must not depend on luck. `--hypothesis-profile=default` looks further.
hypothesis.settings.register_profile("gate", derandomize=True, deadline=None)
hypothesis.settings.load_profile("gate")
compiled.keep()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: runs on SQLite and on PostgreSQL")
    config.addinivalue_line("markers", "postgresql: runs on PostgreSQL alone")


def pytest_collection_finish() -> None:
    """What was loaded stays, and what tests make soon goes: to search both again and again took a seventh of all."""
    gc.freeze()
    gc.set_threshold(5_000)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("both_databases") is not None
        alone = metafunc.definition.get_closest_marker("postgresql") is not None
        kinds = ["postgresql"] if alone else ["sqlite", "postgresql"] if both else ["sqlite"]
        metafunc.parametrize("database_kind", kinds, scope="function")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all tables, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "firstkey.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a private cluster with `{name}` for the database; database `template_firstkey` has all tables."""
    with postgres.cluster() as url:
        postgres.admin(url, "CREATE DATABASE template_firstkey")
        _migrate(_sqlalchemy(url.format(name="template_firstkey")))
        yield url


def _migrate(url: str) -> None:
    """All tables with their triggers and search indexes, as a real school has them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRSTKEY_DATABASE_URL", url)
        config.settings.cache_clear()
        database.forget()
        migrations.upgrade()
        database.forget()
    config.settings.cache_clear()


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database with empty tables."""
    if database_kind == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "firstkey.db")
        return f"sqlite:///{tmp_path / 'firstkey.db'}"
    url = request.getfixturevalue("postgres_url")
    name = f"test_{next(_numbers)}"
    # Copied as files: through the log it costs twice as much, and 1,400 tests begin with it.
    postgres.admin(url, f"CREATE DATABASE {name} TEMPLATE template_firstkey STRATEGY file_copy")
    request.addfinalizer(lambda: postgres.admin(url, f"DROP DATABASE {name} WITH (FORCE)"))
    return _sqlalchemy(url.format(name=name))


@pytest.fixture
def fresh_database(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Point Firstkey at a fresh, empty database with a key of its own."""
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", database_url)
    monkeypatch.setenv("FIRSTKEY_ENGINE_URL", f"sqlite:///{tmp_path / 'engine.db'}")
    monkeypatch.setenv("FIRSTKEY_SECRET_KEY", bytes(range(100, 132)).hex())
    monkeypatch.setenv("FIRSTKEY_GRACE_SECONDS", "0")
    monkeypatch.delenv("FIRSTKEY_PORT", raising=False)  # a server that lives as long as all tests has set its own
    monkeypatch.setattr(config, "VAR", tmp_path)
    config.settings.cache_clear()
    database.forget()
    batches.stopping.clear()  # an engine that an earlier test stopped has left the sign up
    yield
    database.forget()
    config.settings.cache_clear()


@pytest.fixture(name="database")
def _database(fresh_database: None) -> None:
    """The same under the name that tests use."""


@dataclass
class Clock:
    """The time that core.clock tells."""

    now: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def forward(self, **amount: float) -> None:
        self.now += timedelta(**amount)

    def set(self, moment: datetime) -> None:
        self.now = moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still at Monday 23 November 2026, 09:00 UTC, until the test moves it."""
    made = Clock()
    monkeypatch.setattr(core_clock, "now", lambda: made.now)
    return made


@pytest.fixture
def cast(database: None) -> tests_cast.Cast:
    """The small cast of people, stored: see tests/cast.py."""
    with database_transaction() as db:
        return tests_cast.school(db)


database_transaction = database.transaction


def _sqlalchemy(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(autouse=True)
def _in_no_request() -> None:
    """Nothing has asked yet: the request and the place of the test before would stand in the audit."""
    for what in (requests._current, requests._place):
        what.set("")


@pytest.fixture(autouse=True)
def _closed_breakers() -> None:
    """What the process remembers of its channels: one that failed for a test would rest in the next."""
    breaker.of.cache_clear()
    pacing.of.cache_clear()


@pytest.fixture(autouse=True)
def _no_loop_of_a_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """Browser tests leave their event loop in this thread; the engine refuses to work beside a running one."""
    if "browser" in request.path.parts:
        yield
        return
    left = asyncio.events._get_running_loop()
    asyncio.events._set_running_loop(None)
    yield
    asyncio.events._set_running_loop(left)
