"""Anchors: the newest entry of the audit, noted every minute in a file beside the key, so outside the database (R99).

Whoever cuts the newest entries off leaves a chain that fits; the file knows that there were more. Every machine keeps
a file of its own about the database that they share. The same stands in the log, so that a log host has it too:
whoever owns this machine can change the file, and not what left the machine.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from core import clock
from core.config import settings
from core.models import metadata

LINE = "audit noted: entry %s seal %s at %s"
_NOTED = re.compile(r"audit noted: entry (\d+) seal ([0-9a-f]{64}) at ([0-9T:.+-]+)")
UNSEEN = "as far as seen; this machine has no notes of it, so a cut at its end would not show"
EVERY, KEPT = timedelta(minutes=1), 1_500
_table = metadata.tables["audit_entry"]


@dataclass(frozen=True)
class Anchor:
    """The newest entry at a moment."""

    seq: int
    seal: str
    at: str


@dataclass(frozen=True)
class Misfit:
    """The first entry that is not what an anchor knows."""

    seq: int
    why: str


def drop(db: Session) -> bool:
    """Note the newest entry, where the last note is old enough and still fits; whether there is a new note.

    Nothing is noted on top of a chain that does not fit: the evidence stays.
    """
    known = read()
    if known and datetime.fromisoformat(known[-1].at) > clock.now() - EVERY:
        return False
    newest = sa.select(_table.c.seq, _table.c.seal).order_by(_table.c.seq.desc()).limit(1)
    row = db.connection().execute(newest).first()
    if row is None or (known and known[-1].seq == row.seq) or misfit(db, known) is not None:
        return False
    _write([*known[-KEPT + 1 :], Anchor(row.seq, row.seal, clock.now().isoformat())])
    return True


def misfit(db: Session, known: Sequence[Anchor] | None = None) -> Misfit | None:
    """Compare the audit with what was noted of it. Entries that retention removed are not asked for."""
    anchors = read() if known is None else known
    first, head = db.connection().execute(sa.select(sa.func.min(_table.c.seq), sa.func.max(_table.c.seq))).one()
    asked = [anchor for anchor in anchors if anchor.seq >= (first or 1)]
    seals = _seals(db, [anchor.seq for anchor in asked])
    fits = (first or 1) - 1
    for anchor in asked:
        if anchor.seq > (head or 0):
            return Misfit((head or 0) + 1, f"entries up to {anchor.seq:,}, noted on {_day(anchor)}, were cut off")
        if seals.get(anchor.seq) != anchor.seal:
            return Misfit(fits + 1, f"entries up to {anchor.seq:,} are not those that were noted on {_day(anchor)}")
        fits = anchor.seq
    return None


def read() -> list[Anchor]:
    """What this machine has noted, oldest first."""
    path = _path()
    if not path.exists():
        return []
    return [Anchor(**json.loads(line)) for line in path.read_text().splitlines() if line]


def written(lines: Iterable[str]) -> list[Anchor]:
    """The notes in a log, or in a file of notes that was copied elsewhere; oldest first."""
    found = {anchor.seq: anchor for line in lines if (anchor := _anchor(line)) is not None}
    return [found[seq] for seq in sorted(found)]


def are_missing(db: Session) -> bool:
    """Whether there are entries and no notes of them here: then a cut at the end would not show."""
    return not read() and db.connection().scalar(sa.select(_table.c.seq).limit(1)) is not None


def set_aside() -> Path | None:
    """Begin anew, for instance after a backup was restored; the old notes are kept under another name."""
    path = _path()
    if not path.exists():
        return None
    kept = path.with_name(f"audit.anchors.{clock.now():%Y%m%d-%H%M%S}")
    path.rename(kept)
    return kept


def _anchor(line: str) -> Anchor | None:
    if said := _NOTED.search(line):
        return Anchor(int(said[1]), said[2], said[3])
    return Anchor(**json.loads(line)) if line.startswith('{"seq": ') else None


def _seals(db: Session, seqs: Sequence[int]) -> dict[int, str]:
    query = sa.select(_table.c.seq, _table.c.seal).where(_table.c.seq.in_(seqs))
    return {row.seq: row.seal for row in db.connection().execute(query)}


def _day(anchor: Anchor) -> str:
    return f"{datetime.fromisoformat(anchor.at):%d %b %Y, %H:%M} UTC"


def _write(anchors: Iterable[Anchor]) -> None:
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.writelines(json.dumps(asdict(anchor)) + "\n" for anchor in anchors)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _path() -> Path:
    return settings().var_folder / "audit.anchors"
