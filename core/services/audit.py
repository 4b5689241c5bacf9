"""The audit: who did what to whom, in the transaction of the act, each entry sealing the one before (R95-R100)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, keys
from core.models import AuditEntry
from core.permissions import Actor

FIRST_SEAL = "0" * 64
PRUNED = "audit.pruned"  # the checkpoint: vouches for the last entry that retention took away
_POSTGRES_LOCK = 0x46495253544B4559  # one writer of the chain at a time; SQLite has only one writer anyway


@dataclass(frozen=True)
class Verdict:
    """What checking the chain found; `broken_at` is the first entry that does not fit."""

    entries: int
    broken_at: int | None = None
    why: str = ""


def record(
    db: Session,
    actor: Actor,
    *,
    action: str,
    object_kind: str = "",
    object_id: int | None = None,
    result: str = "done",
    details: dict[str, Any] | None = None,
) -> None:
    """Write what `actor` does. `details` holds ids and counts, never names, addresses, secrets or texts (R97)."""
    if db.get_bind().dialect.name == "postgresql":
        db.connection().execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
    db.flush()
    last = db.exec(select(AuditEntry).order_by(col(AuditEntry.seq).desc()).limit(1)).first()
    key = keys.current()
    entry = AuditEntry(
        seq=last.seq + 1 if last else 1,
        at=clock.now(),
        actor=name_of(actor),
        account_id=actor.account_id,
        role=" ".join(sorted(actor.roles)),
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        result=result,
        details=details or {},
        ip=actor.ip or "",
        session=session_of(actor),
        kid=key.kid,
        previous_seal=last.seal if last else FIRST_SEAL,
        seal="",
    )
    entry.seal = _seal(entry, key)
    db.add(entry)
    db.flush()


def name_of(actor: Actor) -> str:
    """How an entry names who did it: a username may be an address, and is sealed for good (R97)."""
    return f"account {actor.account_id}" if actor.account_id is not None else actor.label


def session_of(actor: Actor) -> str:
    """As much of the session's id as entries keep."""
    return (actor.session_id or "")[:12]


def verify(db: Session) -> Verdict:
    """Walk the whole chain; a changed, missing or added entry is named.

    A chain whose beginning was pruned is whole when an entry of its own vouches for the last one that went.
    """
    known, previous, expected, entries = keys.known(), FIRST_SEAL, 1, 0
    gone: tuple[int, str] | None = None  # the last entry that went with its seal, until somebody vouches for it
    for entry in db.exec(select(AuditEntry).order_by(col(AuditEntry.seq))).yield_per(2000):
        if entries == 0 and entry.seq > 1:
            gone = (entry.seq - 1, entry.previous_seal)
            expected, previous = entry.seq, entry.previous_seal
        if entry.seq != expected:
            return Verdict(entries, expected, "an entry is missing")
        if entry.kid not in known:
            return Verdict(entries, expected, "it was sealed with a key that this installation does not have")
        if entry.previous_seal != previous or entry.seal != _seal(entry, known[entry.kid]):
            return Verdict(entries, expected, "its contents do not fit its seal")
        if entry.action == PRUNED and gone == (entry.details.get("through"), entry.details.get("seal")):
            gone = None
        db.expunge(entry)
        previous, expected, entries = entry.seal, expected + 1, entries + 1
    if gone:
        return Verdict(entries, 1, f"the entries up to {gone[0]} are missing, and no checkpoint vouches for them")
    return Verdict(entries)


def _seal(entry: AuditEntry, key: keys.Key) -> str:
    values = entry.model_dump(exclude={"seal", "at"}) | {"at": entry.at.isoformat(timespec="microseconds")}
    return key.sign("audit", json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)).hex()
