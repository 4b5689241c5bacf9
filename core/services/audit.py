"""The audit: who did what to whom, in the transaction of the act, each entry sealing the one before (R95-R100)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from core import clock, keys, requests
from core.models import AuditEntry, AuditPeople, metadata
from core.permissions import Actor, Permission
from core.rules import people_sets
from core.services import audit_chain
from core.services.audit_chain import Verdict, Walk

PRUNED = audit_chain.PRUNED
__all__ = ["PRUNED", "Verdict", "name_of", "record", "record_check", "session_of", "verify"]
_WRITE = sa.insert(metadata.tables["audit_entry"])
_POSTGRES_LOCK = 0x46495253544B4559  # one writer of the chain at a time; SQLite has only one writer anyway
_LOCK = sa.text("SELECT pg_advisory_xact_lock(:key)")


def record(
    db: Session,
    actor: Actor,
    *,
    action: str,
    object_kind: str = "",
    object_id: int | None = None,
    result: str = "done",
    reason: str = "",
    details: dict[str, Any] | None = None,
    people: Iterable[int] | None = None,
) -> None:
    """Write what `actor` does. `details` holds ids and counts, never names, addresses, secrets or texts (R97).

    `people` are the ids of the persons whose data it shows or hands out: kept as a set, of which the entry seals the
    digest, so that it can be told later who saw whom (R104).
    """
    lock(db)
    db.flush()
    last, key = audit_chain.head(db), keys.current()
    entry = AuditEntry(
        seq=last.seq + 1,
        at=clock.now(),
        actor=name_of(actor),
        account_id=actor.account_id,
        role=" ".join(sorted(actor.roles)),
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        result=result,
        details=(details or {}) | ({} if people is None else {"people": _keep(db, people)}),
        ip=actor.ip or "",
        session=session_of(actor),
        reason=reason,
        request=requests.current(),
        kid=key.kid,
        previous_seal=last.seal,
        seal="",
    )
    entry.seal = audit_chain.seal(entry, key)
    db.connection().execute(_WRITE, entry.model_dump())


def lock(db: Session) -> None:
    """Let nobody else write to the chain until this transaction is over."""
    if db.get_bind().dialect.name == "postgresql":
        db.connection().execute(_LOCK, {"key": _POSTGRES_LOCK})


def name_of(actor: Actor) -> str:
    """How an entry names who did it: a username may be an address, and is sealed for good (R97)."""
    return f"account {actor.account_id}" if actor.account_id is not None else actor.label


def session_of(actor: Actor) -> str:
    """As much of the session's id as entries keep."""
    return (actor.session_id or "")[:12]


def verify(db: Session) -> Verdict:
    """Walk the whole chain at once; a changed, missing or added entry is named."""
    walk = Walk()
    while not walk.is_over and walk.broken_at is None:
        walk = audit_chain.go_on(db, walk)
    return walk.verdict


def record_check(db: Session, actor: Actor, *, verdict: Verdict) -> None:
    """Write down that somebody checked, and what was found."""
    actor.require(Permission.SEE_AUDIT)
    broken = {} if verdict.broken_at is None else {"broken_at": verdict.broken_at}
    result, details = "broken" if broken else "done", {"entries": verdict.entries, **broken}
    record(db, actor, action="audit.verified", result=result, reason=verdict.why, details=details)


def _keep(db: Session, people: Iterable[int]) -> str:
    """Store the set once, however often it is named; gives its digest."""
    packed = people_sets.pack(people)
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"digest": packed.digest, "people": packed.people, "packed": packed.content}
    db.execute(insert(AuditPeople).values(row).on_conflict_do_nothing(index_elements=["digest"]))
    return packed.digest
