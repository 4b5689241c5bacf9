"""A tenant of Microsoft for tests: Entra with its Graph, and the settings with which Firstkey asks there."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from core import config, database
from core.models import DirectoryRun
from tests.peers import entra as peer
from tests.peers.entra import Entra
from tests.peers.graph import Graph

GROUP = "11110000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    with peer.running(tmp_path_factory.mktemp("entra"), []) as running:
        yield running


@pytest.fixture
def graph(tenant: Entra, database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    """An empty directory with a group for licences."""
    for name, value in tenant.settings().items():
        monkeypatch.setenv(name, value)
    config.settings.cache_clear()
    tenant.graph.empty()
    tenant.graph.groups[GROUP] = set()
    yield tenant.graph
    config.settings.cache_clear()


def finished(run_id: int, *, seconds: float = 90) -> DirectoryRun:
    """The run, once whoever works on it has come to its end."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with database.reading() as db:
            run = db.get_one(DirectoryRun, run_id)
        if run.finished_at is not None:
            return run
        time.sleep(0.05)
    raise AssertionError(run)
