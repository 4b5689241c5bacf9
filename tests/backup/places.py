"""A backup as the command makes it, and an empty place to restore it into: another folder, another database."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core import config, database
from core.config import ROOT
from core.delivery import engine
from core.manage.__main__ import app
from tests.peers import postgres

BACKUP_KEY = "five words that nobody else knows"
_numbers = count(1)


def command(*words: str) -> Result:
    """Run one of Firstkey's commands in this process."""
    return CliRunner().invoke(app, list(words))


def folder(tmp_path: Path) -> tuple[Path, Path]:
    """An empty folder for backups, and the file of the backup key beside it."""
    backups, key = tmp_path / "backups", tmp_path / "backup.key"
    backups.mkdir(exist_ok=True)
    key.write_text(BACKUP_KEY + "\n")
    return backups, key


def back_up(tmp_path: Path, *words: str) -> Path:
    """Make a backup; gives its file."""
    backups, key = folder(tmp_path)
    done = command("backup", str(backups), "--key-file", str(key), *words)
    assert done.exit_code == 0, (done.output, done.exception)
    return sorted(backups.glob("*.backup"))[-1]


def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Point Firstkey at an empty place of the same kind; gives its folder. The old one is left as it is."""
    database.forget()
    place = tmp_path / f"elsewhere{next(_numbers)}"
    place.mkdir()
    engine_url = f"sqlite:///{place / 'engine.db'}"
    database_url = f"sqlite:///{place / 'firstkey.db'}"
    if config.settings().database_url.startswith("postgresql"):
        cluster, name = request.getfixturevalue("postgres_url"), f"restored_{next(_numbers)}"
        postgres.admin(cluster, f"CREATE DATABASE {name}")
        request.addfinalizer(lambda: _drop(cluster, name))
        database_url = cluster.format(name=name).replace("postgresql://", "postgresql+psycopg://", 1)
        if config.settings().engine_url.startswith("postgresql"):
            engine_url = cluster.format(name=name)
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", database_url)
    monkeypatch.setenv("FIRSTKEY_ENGINE_URL", engine_url)
    monkeypatch.setattr(config, "VAR", place)
    config.settings.cache_clear()
    return place


def _drop(cluster: str, name: str) -> None:
    engine.shutdown()
    database.forget()
    postgres.admin(cluster, f"DROP DATABASE {name} WITH (FORCE)")


def restore(file: Path, tmp_path: Path, *words: str) -> Result:
    _backups, key = folder(tmp_path)
    return command("restore", str(file), "--key-file", str(key), *words)


def in_a_process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own, as people run it."""
    line = [sys.executable, "-m", "core.manage", *words]
    return subprocess.run(line, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=300)
