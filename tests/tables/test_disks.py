"""The disks that Firstkey writes to: each once, with all that lies on it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from core import config
from core.tables import disks


@pytest.fixture(name="free")
def _free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Free bytes by the name of a folder; each of these folders is a disk of its own."""
    told: dict[str, int] = {}
    numbers = {name: number for number, name in enumerate(("var", "backups", "imports"))}
    monkeypatch.setattr(disks.shutil, "disk_usage", lambda folder: SimpleNamespace(free=told[_disk(folder)]))
    monkeypatch.setattr(disks, "_device", lambda folder: numbers[_disk(folder)])
    return told


def _disk(folder: Path) -> str:
    return next(part for part in reversed(folder.parts) if part in ("var", "backups", "imports"))


def _set(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"FIRSTKEY_{name.upper()}", str(value))
    config.settings.cache_clear()


def test_each_disk_stands_once_with_all_that_lies_on_it_and_the_fullest_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: dict[str, int]
) -> None:
    for name in ("var", "backups", "imports"):
        (tmp_path / name).mkdir()
    _set(monkeypatch, database_url=f"sqlite:///{tmp_path}/var/firstkey.db", import_folder=tmp_path / "imports")
    _set(monkeypatch, engine_url=f"sqlite:///{tmp_path}/var/engine.db", backup_folder=tmp_path / "backups" / "to-come")
    free |= {"var": 50, "backups": 10, "imports": 90}
    assert [(disk.holds, disk.folder.name, disk.free_bytes) for disk in disks.watched()] == [
        (("backups",), "backups", 10),
        (("database", "delivery engine"), "var", 50),
        (("import folder",), "imports", 90),
    ]


def test_on_postgresql_the_folder_of_the_outbox_is_ours_and_the_database_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _set(monkeypatch, database_url="postgresql+psycopg://db/firstkey", engine_url="postgresql://db/engine")
    monkeypatch.setattr(config, "VAR", tmp_path)
    _set(monkeypatch, backup_folder=tmp_path)
    (only,) = disks.watched()
    assert only.holds == ("outbox", "backups") and only.name == "the disk with the outbox and the backups"
