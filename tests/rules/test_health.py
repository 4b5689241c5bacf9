"""What is wrong with an installation, and what is worth a mail at night."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.rules import health
from core.rules.health import Disk, Facts

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WELL = Facts(
    now=NOW,
    is_demo=False,
    held=False,
    due=0,
    due_since=None,
    moved_at=None,
    processes=1,
    backup_at=NOW - timedelta(hours=7),
    disks=(Disk(("database", "backups"), Path("/var/lib/firstkey"), 50 * 2**30),),
    stopped=(),
    faults=0,
)


def _disks(free_bytes: int) -> tuple[Disk, ...]:
    return (Disk(("backups",), Path("/srv/backups"), free_bytes), *WELL.disks)


WAITING = {"due": 5, "due_since": NOW - timedelta(hours=1)}


def test_a_school_that_is_well_has_no_trouble() -> None:
    assert list(health.troubles(WELL)) == []


@pytest.mark.parametrize(
    ("change", "sentence", "urgent"),
    [
        ({"disks": _disks(100 * 2**20)}, "The disk with the backups is full", True),
        ({"disks": _disks(2**30)}, "The disk with the backups is nearly full", False),
        ({"stopped": ("no password",)}, "1 campaign paused without anybody's doing: No password.", True),
        ({"stopped": ("No.", "No.")}, "2 campaigns paused without anybody's doing: No.", True),
        (WAITING, "5 messages are due, and none has left for 60 minutes.", True),
        ({"due": 5, "due_since": NOW, "processes": 0}, "nothing delivers them", True),
        ({"faults": 10}, "10 errors within ten minutes", True),
        ({"failing": ("import from the folder",)}, "three times in a row or more: import from the folder.", True),
        ({"silent": ("north-worker",)}, "The process north-worker gives no sign", False),
        ({"backup_at": NOW - timedelta(hours=50)}, "50 hours old", True),
        ({"backup_at": None}, "no backup yet", False),
        ({"held": True} | WAITING, "All sending is held, alerts by mail as well.", False),
        ({"are_alerts_mailed": False}, "Alerts are mailed to nobody", False),
    ],
)
def test_each_trouble_by_itself(change: dict[str, object], sentence: str, urgent: bool) -> None:
    (trouble,) = health.troubles(replace(WELL, **change))  # type: ignore[arg-type]
    assert sentence in trouble.sentence and trouble.remedy
    assert trouble.urgent == urgent


def test_a_long_campaign_that_moves_does_not_stand() -> None:
    moving = replace(WELL, due=90_000, due_since=NOW - timedelta(hours=2), moved_at=NOW - timedelta(seconds=3))
    assert health.standing_minutes(moving) == 0
    assert health.standing_minutes(replace(moving, moved_at=NOW - timedelta(minutes=16))) == 16


def test_a_demo_needs_neither_a_backup_nor_an_address_for_alerts() -> None:
    assert list(health.troubles(replace(WELL, is_demo=True, backup_at=None, are_alerts_mailed=False))) == []
