"""The chain of the audit: how an entry is sealed, and whether all entries still fit (R99).

What somebody without the key can do to the table is found: an entry changed, removed, added, moved. That the newest
entries were cut off is found by the anchors, which stand outside the database (see audit_anchors).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _s
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import keys
from core.models import AuditEntry, AuditPeople, metadata
from core.rules import people_sets
from core.services import audit_anchors

FIRST_SEAL = "0" * 64
PRUNED = "audit.pruned"  # the checkpoint: vouches for the last entry that retention took away
PART = 20_000
_table = metadata.tables["audit_entry"]
# Read as text, so that nothing is taken apart that the seal wants whole: half the time of a check.
_QUERY = sa.select(
    *(column for column in _table.c if column.name not in ("at", "details")),
    sa.type_coerce(_table.c.at, sa.String).label("at"),
    sa.cast(_table.c.details, sa.Text).label("details"),
).order_by(_table.c.seq)
_HEAD = sa.select(_table.c.seq, _table.c.seal).order_by(_table.c.seq.desc()).limit(1)
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


@dataclass(frozen=True)
class Verdict:
    """What checking found; `broken_at` is the first entry that does not fit, after `entries` that do."""

    entries: int
    broken_at: int | None = None
    why: str = ""


@dataclass(frozen=True)
class Walk:
    """How far a check has come: the last entry that fits, and its seal.

    `gone` is the last entry that was taken away with its seal, until a checkpoint of retention vouches for it.
    """

    seq: int = 0
    seal: str = FIRST_SEAL
    entries: int = 0
    is_over: bool = False
    broken_at: int | None = None
    why: str = ""
    gone: tuple[int, str] | None = None

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.entries, self.broken_at, self.why)


def seal(entry: AuditEntry, key: keys.Key) -> str:
    """What an entry is sealed with: everything in it but the seal, the seal of the one before included."""
    return key.sign("audit", sealed_text(entry, entry.at, _encode(entry.details))).hex()


def head(db: Session) -> Walk:
    """The newest entry, unchecked."""
    row = db.connection().execute(_HEAD).first()
    return Walk(row.seq, row.seal) if row else Walk()


def size(db: Session) -> int:
    """How many entries a check will walk; their numbers have no gaps while the chain is whole."""
    first, last = db.connection().execute(sa.select(sa.func.min(_table.c.seq), sa.func.max(_table.c.seq))).one()
    return last - first + 1 if last else 0


def go_on(db: Session, walk: Walk, *, part: int = PART) -> Walk:
    """Check the next entries. Entries never change, so each part may be read in a transaction of its own."""
    further = newer(db, walk, part=part)
    return _ended(db, further) if further.is_over else further


def newer(db: Session, walk: Walk, *, part: int = PART) -> Walk:
    """The same, of the entries alone: whether they go on from one that is known to be right."""
    rows: Sequence[Any] = db.connection().execute(_QUERY.where(_table.c.seq > walk.seq).limit(part)).all()
    known = keys.known()
    if not walk.seq and rows and rows[0].seq > 1:
        gone = (rows[0].seq - 1, rows[0].previous_seal)
        walk = replace(walk, seq=gone[0], seal=gone[1], gone=gone)
    seq, previous, gone_on = walk.seq, walk.seal, walk
    for row in rows:
        why = _objection(row, seq + 1, previous, known)
        if why:
            return replace(walk, seq=seq, entries=walk.entries + seq - walk.seq, broken_at=seq + 1, why=why)
        seq, previous = seq + 1, row.seal
        if row.action == PRUNED and walk.gone is not None and _vouches(row.details, walk.gone):
            gone_on = replace(gone_on, gone=None)
    gone_on = replace(gone_on, seq=seq, seal=previous, entries=walk.entries + seq - walk.seq)
    return replace(gone_on, is_over=len(rows) < part)


def _ended(db: Session, walk: Walk) -> Walk:
    """All entries fit each other; now whether they are those that were noted, and name whom they named."""
    if walk.gone is not None:
        why = f"the entries up to {walk.gone[0]:,} are missing, and no checkpoint vouches for them"
        return replace(walk, is_over=False, broken_at=1, why=why)
    misfit = audit_anchors.misfit(db)
    if misfit is not None:
        return replace(walk, is_over=False, entries=misfit.seq - 1, broken_at=misfit.seq, why=misfit.why)
    for row in db.connection().execute(sa.select(col(AuditPeople.digest), col(AuditPeople.packed))):
        if not people_sets.is_intact(row.digest, row.packed):
            named = sa.select(sa.func.min(_table.c.seq)).where(_table.c.details["people"].as_string() == row.digest)
            first = db.connection().scalar(named)
            if first is not None:
                return replace(walk, is_over=False, broken_at=first, why="the people that it names were changed")
    return walk


def _vouches(details: str, gone: tuple[int, str]) -> bool:
    told = json.loads(details)
    return (told.get("through"), told.get("seal")) == gone


def _objection(row: Any, expected: int, previous: str, known: dict[str, keys.Key]) -> str:
    if row.seq != expected:
        return "an entry is missing"
    key = known.get(row.kid)
    if key is None:
        return "it was sealed with a key that this installation does not have"
    text = sealed_text(row, row.at, _canonical(row.details))
    if row.previous_seal != previous or row.seal != key.sign("audit", text).hex():
        return "its contents do not fit its seal"
    return ""


@lru_cache(maxsize=4_096)
def _canonical(details: str) -> str:
    """Details as they are sealed, whatever the database made of their spaces; most are like others."""
    try:
        return _encode(json.loads(details))
    except ValueError:
        return details


def sealed_text(row: Any, at: datetime | str, details: str) -> str:
    """An entry as JSON with sorted names, as a JSON encoder writes it: a fifth of its time.

    Entries from before there were reasons and requests were sealed without them.
    """
    moment = at.replace(" ", "T") + "+00:00" if isinstance(at, str) else _utc(at)
    reason = f'"reason":{_s(row.reason)},' if row.reason else ""
    request = f'"request":{_s(row.request)},' if row.request else ""
    return (
        f'{{"account_id":{_n(row.account_id)},"action":{_s(row.action)},"actor":{_s(row.actor)},"at":{_s(moment)},'
        f'"details":{details},"ip":{_s(row.ip)},"kid":{_s(row.kid)},"object_id":{_n(row.object_id)},'
        f'"object_kind":{_s(row.object_kind)},"previous_seal":{_s(row.previous_seal)},{reason}{request}'
        f'"result":{_s(row.result)},"role":{_s(row.role)},"seq":{row.seq},"session":{_s(row.session)}}}'
    )


def _n(number: int | None) -> str:
    return "null" if number is None else str(number)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
