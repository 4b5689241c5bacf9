"""Which entries of the audit are about some people, and about whom of them (R104).

Entries name one person, an account, a guardianship, a campaign, a message, or a set of people under a digest; all are
looked through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import (
    Account,
    AuditEntry,
    AuditPeople,
    FailureReason,
    Guardianship,
    Message,
    MessageAccount,
    MessageStatus,
)
from core.rules import audit_words, people_sets

ENTRIES, ACTS = 500_000, 10_000  # looked through for one page: 0.6 s at most
_MAY_HAVE_LEFT = (MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNKNOWN)
_CAME_BACK = (FailureReason.BOUNCED, FailureReason.CARRIER, FailureReason.UNREACHABLE)  # it was outside all the same


@dataclass(frozen=True)
class Asked:
    """Those asked about: as a set, in order, by account, and by guardianship."""

    ids: frozenset[int]
    ordered: people_sets.Ids
    owners: dict[int, int]
    tied: dict[int, set[int]]


@dataclass(frozen=True)
class DoneTo:
    """What holds for entries about somebody; what several went through before `read_back_to` was not looked at."""

    holds: sa.ColumnElement[bool]
    read_back_to: datetime | None


def ask(db: Session, person_ids: Sequence[int]) -> Asked:
    """The people whom a question is about."""
    ordered = np.unique(np.array(person_ids, dtype=np.uint32))
    return Asked(frozenset(person_ids), ordered, _owners(db, person_ids), _tied(db, person_ids))


def done_to(
    db: Session, person_id: int, *, when: Sequence[sa.ColumnElement[bool]] = (), newest: bool = False
) -> DoneTo:
    """Which entries are about this person, their account or their families: alone, among others, or by a message.

    What was done to several is looked for in all entries of the time `when` that name several people; with `newest`
    only in as many as somebody who looks at a page can wait for.
    """
    kind, number = col(AuditEntry.object_kind), col(AuditEntry.object_id)
    asked = ask(db, [person_id])
    alone = (("person", [person_id]), ("account", asked.owners), ("guardianship", asked.tied))
    acts, read_back_to = _done_to_several(db, when, newest=newest)
    found = [act.seq for act, _ids in about(db, acts, asked)]
    seqs: sa.BindParameter[Any] = sa.bindparam("seqs", found, expanding=True, literal_execute=True)
    holds = sa.or_(*(sa.and_(kind == of, number.in_(ids)) for of, ids in alone), col(AuditEntry.seq).in_(seqs))
    return DoneTo(holds, read_back_to)


def _done_to_several(
    db: Session, when: Sequence[sa.ColumnElement[bool]], *, newest: bool
) -> tuple[Sequence[Any], datetime | None]:
    """The acts, newest first, and since when, where that is not all."""
    at, details = col(AuditEntry.at), col(AuditEntry.details)
    columns = [getattr(AuditEntry, name) for name in ("seq", "at", "action", "object_kind", "object_id", "details")]
    several = sa.or_(
        col(AuditEntry.object_kind).in_(("campaign", "outbox")), details["people"].as_string().is_not(None)
    )
    query = sa.select(*columns).where(several, *when).order_by(at.desc(), col(AuditEntry.seq).desc())
    since = None
    if newest:
        since = db.scalar(sa.select(at).where(*when).order_by(at.desc()).offset(ENTRIES).limit(1))
        query = query.where(*([at >= since] if since else [])).limit(ACTS)
    acts = db.execute(query).all()
    # Here and not in the question: SQLite would gather all entries of these actions first, however few are wanted.
    told = set(audit_words.of_kinds((*audit_words.DISCLOSES, audit_words.Kind.CHANGED)))
    return [act for act in acts if act.action in told], acts[-1].at if newest and len(acts) == ACTS else since


def about(db: Session, acts: Sequence[Any], asked: Asked) -> Iterator[tuple[Any, list[int]]]:
    """Those of the entries that are about any of these people, each with whom of them it is about."""
    sets = _sets(db, {str(act.details["people"]) for act in acts if "people" in act.details}, asked)
    campaigns = {act.object_id for act in acts if act.object_kind == "campaign" and act.object_id}
    left = sa.or_(col(Message.status).in_(_MAY_HAVE_LEFT), col(Message.reason).in_(_CAME_BACK))
    of_campaign = _of_messages(db, asked, col(MessageAccount.campaign_id), campaigns, left)
    references = {str(act.details.get("reference", "")) for act in acts if act.object_kind == "outbox"}
    of_message = _of_messages(db, asked, col(Message.reference), references, sa.true())
    for act in acts:
        ids = set(sets.get(str(act.details.get("people", "")), ()))
        if act.object_kind == "person" and act.object_id in asked.ids:
            ids.add(act.object_id)
        if act.object_kind == "account" and act.object_id in asked.owners:
            ids.add(asked.owners[act.object_id])
        if act.object_kind == "guardianship":
            ids |= asked.tied.get(act.object_id, set())
        if act.object_kind == "campaign":
            ids |= of_campaign.get(act.object_id, set())
        if act.object_kind == "outbox":
            ids |= of_message.get(act.details.get("reference"), set())
        if ids:
            yield act, sorted(ids)


def _sets(db: Session, digests: set[str], asked: Asked) -> dict[str, list[int]]:
    """Of each set, those asked about. A set is read once, however many entries name it."""
    common: dict[str, list[int]] = {}
    for part in database.slices(sorted(digests), 200):
        query = sa.select(col(AuditPeople.digest), col(AuditPeople.packed)).where(col(AuditPeople.digest).in_(part))
        for digest, packed in db.execute(query):
            both = np.intersect1d(people_sets.unpack(packed), asked.ordered, assume_unique=True)
            common[digest] = [int(one) for one in both]
    return common


def _of_messages(
    db: Session, asked: Asked, key: Any, wanted: set[Any], left: sa.ColumnElement[bool]
) -> dict[Any, set[int]]:
    """By campaign or by message, those asked about whose messages these are."""
    query = sa.select(key, col(MessageAccount.account_id)).join(Message, col(Message.id) == MessageAccount.message_id)
    sent: dict[Any, set[int]] = {}
    for accounts in database.slices(sorted(asked.owners)):
        for part in database.slices(sorted(wanted)):
            rows = db.execute(query.where(left, key.in_(part), col(MessageAccount.account_id).in_(accounts)))
            for of, account_id in rows:
                sent.setdefault(of, set()).add(asked.owners[account_id])
    return sent


def _owners(db: Session, person_ids: Sequence[int]) -> dict[int, int]:
    query, owners = sa.select(col(Account.id), col(Account.person_id)), dict[int, int]()
    for part in database.slices(list(person_ids)):
        owners |= {row.id: row.person_id for row in db.execute(query.where(col(Account.person_id).in_(part)))}
    return owners


def _tied(db: Session, person_ids: Sequence[int]) -> dict[int, set[int]]:
    """By guardianship, those asked about: as student, as guardian."""
    tied: dict[int, set[int]] = {}
    for part in database.slices(list(person_ids)):
        for who in (col(Guardianship.student_id), col(Guardianship.guardian_id)):
            for guardianship_id, person_id in db.execute(sa.select(col(Guardianship.id), who).where(who.in_(part))):
                tied.setdefault(guardianship_id, set()).add(person_id)
    return tied
