"""Whether an installation is well: what is wrong, in sentences with what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

STANDS_AFTER = timedelta(minutes=15)
BACKUP_WITHIN = timedelta(hours=48)
LITTLE_DISK, TOO_LITTLE_DISK = 2 * 2**30, 200 * 2**20
MANY_FAULTS, WITHIN = 10, timedelta(minutes=10)


@dataclass(frozen=True)
class Disk:
    """A disk of this machine: what of ours lies on it, in which folder first, and how much room is left."""

    holds: tuple[str, ...]
    folder: Path
    free_bytes: int

    @property
    def name(self) -> str:
        return f"the disk with the {' and the '.join(self.holds)}"

    @property
    def is_full(self) -> bool:
        return self.free_bytes < TOO_LITTLE_DISK

    @property
    def is_nearly_full(self) -> bool:
        return TOO_LITTLE_DISK <= self.free_bytes < LITTLE_DISK


@dataclass(frozen=True)
class Facts:
    """What is known at `now`. `due`: messages that could leave; `moved_at`: when the latest of any was begun.

    `stopped`: why campaigns paused by themselves, one reason for each of them. `failing`: work that comes again and
    has come to nothing three times in a row. `silent`: processes that delivered and give no sign any more.
    """

    now: datetime
    is_demo: bool
    held: bool
    due: int
    due_since: datetime | None
    moved_at: datetime | None
    processes: int
    backup_at: datetime | None
    disks: tuple[Disk, ...]
    stopped: tuple[str, ...]
    faults: int
    failing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    are_alerts_mailed: bool = True


@dataclass(frozen=True)
class Trouble:
    """One thing that is not well; `urgent` is worth a mail at night."""

    sentence: str
    remedy: str
    urgent: bool = True


def standing_minutes(facts: Facts) -> int:
    """For how long messages have been due while none of any campaign moved; 0 where sending goes on or is held."""
    if facts.held or not facts.due or facts.due_since is None:
        return 0
    waited = facts.now - max(facts.due_since, facts.moved_at or facts.due_since)
    return int(waited.total_seconds() // 60) if waited >= STANDS_AFTER else 0


def backup_hours(facts: Facts) -> int:
    """How old the latest backup is, where that is too old; 0 where there never was one: then none was set up."""
    if facts.backup_at is None or facts.now - facts.backup_at < BACKUP_WITHIN:
        return 0
    return int((facts.now - facts.backup_at).total_seconds() // 3600)


def troubles(facts: Facts) -> Iterator[Trouble]:
    """What is wrong, most urgent first; nothing when all is well."""
    for disk in facts.disks:
        if disk.is_full:
            yield Trouble(f"{_capital(disk.name)} is full: writing may fail at any moment.", "Free some space now.")
    yield from _stopped(facts)
    if minutes := standing_minutes(facts):
        yield Trouble(
            f"{facts.due:,} messages are due, and none has left for {minutes:,} minutes.",
            "Look whether a worker or the server runs, and at its log.",
        )
    elif facts.due and not facts.processes and not facts.held:
        yield Trouble("Messages are due and nothing delivers them.", "Start the server or a worker.")
    if facts.faults >= MANY_FAULTS:
        yield Trouble(f"{facts.faults:,} errors within ten minutes.", "Look at the newest below, and at the log.")
    for work in facts.failing:
        yield Trouble(
            f"This has failed three times in a row or more: {work}.",
            "Run doctor on the server, then look at the log of whatever delivers.",
        )
    if hours := backup_hours(facts):
        yield Trouble(f"The latest backup is {hours:,} hours old.", "Look at: systemctl status firstkey-backup")
    if facts.held:
        yield Trouble(
            "All sending is held, alerts by mail as well.",
            "An administrator says Go on the Campaigns page.",
            urgent=False,
        )
    for process in facts.silent:
        yield Trouble(
            f"The process {process} gives no sign any more. The others do its work.",
            "Start it again, or look at its log. If it is gone for good, it leaves this page after seven days.",
            urgent=False,
        )
    if facts.backup_at is None and not facts.is_demo:
        yield Trouble("There is no backup yet.", "Set one up: docs/operations.md, Backups.", urgent=False)
    if not facts.are_alerts_mailed and not facts.is_demo:
        yield Trouble(
            "Alerts are mailed to nobody: whoever does not look here or on Audit hears of none.",
            "Set an address: Settings, Alerts.",
            urgent=False,
        )
    for disk in facts.disks:
        if disk.is_nearly_full:
            yield Trouble(f"{_capital(disk.name)} is nearly full.", "Free some space soon.", urgent=False)


def _stopped(facts: Facts) -> Iterator[Trouble]:
    """Whoever carries messages turned us away, or so many failed that Firstkey did not go on."""
    for why, times in Counter(facts.stopped).most_common():
        many = "1 campaign" if times == 1 else f"{times:,} campaigns"
        tried = "firstkey doctor on a server, else python -m core.manage doctor"
        remedy = f"Mend that ({tried}, tries it out), then press Resume on Campaigns."
        yield Trouble(f"{many} paused without anybody's doing: {_sentence(why)}", remedy)


def _sentence(words: str) -> str:
    return f"{_capital(words).rstrip('.')}."


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
