"""Who saw, printed, exported or was sent the data of some people between two moments (R104).

Entries name one person, an account, a campaign, a message, or a set of people under a digest; all are looked through.
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
from core.errors import InputProblem
from core.models import Account, AuditEntry, AuditPeople, Message, MessageAccount
from core.permissions import Actor, Permission
from core.rules import audit_words, people_sets
from core.tables import audit_names


@dataclass(frozen=True)
class Disclosure:
    """One act, and whom of those asked about it showed: `people` of them, the first of them by name."""

    seq: int
    at: datetime
    who: str
    role: str
    what: str
    ip: str
    people: int
    named: str


@dataclass(frozen=True)
class _Asked:
    """Those asked about: as a set, in order, and by account."""

    ids: frozenset[int]
    ordered: people_sets.Ids
    owners: dict[int, int]


def found(
    db: Session, actor: Actor, *, person_ids: Sequence[int], since: datetime, until: datetime
) -> list[Disclosure]:
    """Every act that showed any of these people to somebody, newest first; looks at every entry between the two."""
    actor.require(Permission.SEE_AUDIT)
    if not person_ids:
        raise InputProblem("Nobody is named. Choose the people whom the question is about.")
    asked = _Asked(frozenset(person_ids), np.unique(np.array(person_ids, dtype=np.uint32)), _owners(db, person_ids))
    acts = sa.select(AuditEntry).where(
        col(AuditEntry.at) >= since,
        col(AuditEntry.at) < until,
        col(AuditEntry.action).in_(audit_words.of_kinds(audit_words.DISCLOSES)),
        col(AuditEntry.result) == "done",
    )
    shown = list(_shown(db, list(db.scalars(acts.order_by(col(AuditEntry.seq).desc()))), asked))
    names = audit_names.of(db, [entry for entry, _ids in shown])
    people = audit_names.people(db, {one for _entry, ids in shown for one in ids[: audit_names.NAMED]})
    return [_said(entry, ids, names, people) for entry, ids in shown]


def _shown(db: Session, acts: Sequence[AuditEntry], asked: _Asked) -> Iterator[tuple[AuditEntry, list[int]]]:
    sets = _sets(db, {str(act.details["people"]) for act in acts if "people" in act.details}, asked)
    campaigns = {act.object_id for act in acts if act.object_kind == "campaign" and act.object_id}
    of_campaign = _of_messages(db, asked, col(MessageAccount.campaign_id), campaigns)
    references = {str(act.details.get("reference", "")) for act in acts if act.object_kind == "outbox"}
    of_message = _of_messages(db, asked, col(Message.reference), references)
    for act in acts:
        ids = set(sets.get(str(act.details.get("people", "")), ()))
        if act.object_kind == "person" and act.object_id in asked.ids:
            ids.add(act.object_id)
        if act.object_kind == "account" and act.object_id in asked.owners:
            ids.add(asked.owners[act.object_id])
        if act.object_kind == "campaign":
            ids |= of_campaign.get(act.object_id, set())
        if act.object_kind == "outbox":
            ids |= of_message.get(act.details.get("reference"), set())
        if ids:
            yield act, sorted(ids)


def _sets(db: Session, digests: set[str], asked: _Asked) -> dict[str, list[int]]:
    """Of each set, those asked about. A set is read once, however many entries name it."""
    common: dict[str, list[int]] = {}
    for part in database.slices(sorted(digests), 200):
        query = sa.select(col(AuditPeople.digest), col(AuditPeople.packed)).where(col(AuditPeople.digest).in_(part))
        for digest, packed in db.execute(query):
            both = np.intersect1d(people_sets.unpack(packed), asked.ordered, assume_unique=True)
            common[digest] = [int(one) for one in both]
    return common


def _of_messages(db: Session, asked: _Asked, key: Any, wanted: set[Any]) -> dict[Any, set[int]]:
    """By campaign or by message, those asked about to whom it was sent."""
    query = sa.select(key, col(MessageAccount.account_id)).join(Message, col(Message.id) == MessageAccount.message_id)
    sent: dict[Any, set[int]] = {}
    for accounts in database.slices(sorted(asked.owners)):
        for part in database.slices(sorted(wanted)):
            rows = db.execute(query.where(key.in_(part), col(MessageAccount.account_id).in_(accounts)))
            for of, account_id in rows:
                sent.setdefault(of, set()).add(asked.owners[account_id])
    return sent


def _owners(db: Session, person_ids: Sequence[int]) -> dict[int, int]:
    query, owners = sa.select(col(Account.id), col(Account.person_id)), dict[int, int]()
    for part in database.slices(list(person_ids)):
        owners |= {row.id: row.person_id for row in db.execute(query.where(col(Account.person_id).in_(part)))}
    return owners


def _said(entry: AuditEntry, ids: list[int], names: audit_names.Names, people: dict[int, str]) -> Disclosure:
    named = audit_names.some(ids, people)
    who, what = names.actor(entry.actor, entry.account_id), audit_words.said(entry.action)
    return Disclosure(entry.seq, entry.at, who, entry.role, what, entry.ip, len(ids), named)
