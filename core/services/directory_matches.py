"""Deciding who is who in Microsoft's directory: proposals are accepted or rejected, and links undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.errors import Conflict, InputProblem, NotFound
from core.models import Account, Decision, DirectoryMatch, DirectoryUser, SignInMethod
from core.permissions import Actor, Permission
from core.rules.directory_match import Certainty
from core.rules.directory_users import NotTied
from core.services import account_effects, audit, directory_ties
from core.services.directory_ties import Tie


@dataclass(frozen=True)
class Accepted:
    """How many people are linked now, and why others could not be."""

    done: int
    left_out: dict[NotTied, int] = field(default_factory=dict)


def accept_certain(db: Session, actor: Actor, *, expected: int) -> Accepted:
    """Link everybody who is certain, all at once; refuses when they are not as many as were seen."""
    actor.require(Permission.MANAGE_DIRECTORY)
    actor.require_fresh()
    account_effects.lock(db)
    rows = _open(db, col(DirectoryMatch.certainty) == Certainty.CERTAIN)
    if len(rows) != expected:
        raise Conflict(f"The list has changed: now {len(rows):,} are certain. Look at it again, then accept them.")
    return _accept(db, actor, rows)


def accept(db: Session, actor: Actor, *, match_ids: Sequence[int]) -> Accepted:
    """Link just these; refuses when two of them are about one person or one user."""
    actor.require(Permission.MANAGE_DIRECTORY)
    actor.require_fresh()
    account_effects.lock(db)
    rows = _open(db, col(DirectoryMatch.id).in_(match_ids))
    for ids in ([row.person_id for row in rows], [row.object_id for row in rows]):
        if len(set(ids)) < len(ids):
            raise InputProblem(
                "Two of these are about the same person or the same Microsoft account. Tick one of them."
            )
    return _accept(db, actor, rows)


def reject(db: Session, actor: Actor, *, match_ids: Sequence[int]) -> int:
    """They are not one; they are not proposed again. Gives how many."""
    actor.require(Permission.MANAGE_DIRECTORY)
    mine = sa.update(DirectoryMatch).where(col(DirectoryMatch.id).in_(match_ids), _IS_OPEN)
    said = {"decision": Decision.REJECTED.value, "decided_at": clock.now()}
    owners = list(
        db.scalars(sa.select(col(DirectoryMatch.person_id)).where(col(DirectoryMatch.id).in_(match_ids), _IS_OPEN))
    )
    number = account_effects.write(db, mine.values(said))
    if not number:
        raise NotFound("These are decided already. Look at the list again.")
    audit.record(db, actor, action="directory.rejected", object_kind="person", details={"done": number}, people=owners)
    return number


def release(db: Session, actor: Actor, *, match_id: int) -> None:
    """They are not one after all: the account opens to that Microsoft account no more, and who is signed in is out."""
    actor.require(Permission.MANAGE_DIRECTORY)
    actor.require_fresh()
    account_effects.lock(db)
    match = db.get(DirectoryMatch, match_id, with_for_update=True)
    if match is None or match.decision != Decision.ACCEPTED:
        raise NotFound("This link is undone already. Look at the list again.")
    match.decision, match.decided_at = Decision.REJECTED, clock.now()
    db.add(match)
    theirs = sa.and_(col(Account.person_id) == match.person_id, col(Account.object_id) == match.object_id)
    account_id = db.scalar(sa.select(col(Account.id)).where(theirs))
    if account_id is not None:
        administers = account_effects.administrators_among(db, _one(account_id))
        _untie(db, account_id)
        if administers:
            account_effects.administrator_stays(db)
    details = {"accounts": [account_id]} if account_id else {}
    audit.record(
        db, actor, action="directory.released", object_kind="person", object_id=match.person_id, details=details
    )


_IS_OPEN = col(DirectoryMatch.decision) == Decision.OPEN


def _open(db: Session, which: Any) -> list[Any]:
    """Proposals that wait, with the address of the user; none for a user who is gone from the directory."""
    names = ("id", "person_id", "object_id", "tenant_id")
    query = sa.select(*(getattr(DirectoryMatch, name) for name in names), col(DirectoryUser.address))
    query = query.join(DirectoryUser, col(DirectoryUser.object_id) == col(DirectoryMatch.object_id))
    return list(db.execute(query.where(which, _IS_OPEN).order_by(col(DirectoryMatch.id))).all())


def _accept(db: Session, actor: Actor, rows: Sequence[Any]) -> Accepted:
    if not rows:
        raise NotFound("These are decided already. Look at the list again.")
    wrong: dict[int, NotTied] = {}
    for tenant_id in {row.tenant_id for row in rows}:
        ties = [Tie(row.person_id, row.object_id, row.address) for row in rows if row.tenant_id == tenant_id]
        wrong |= directory_ties.tie(db, ties, tenant_id=tenant_id)
    done = [row for row in rows if row.person_id not in wrong]
    said = {"decision": Decision.ACCEPTED.value, "decided_at": clock.now()}
    for part in database.slices(done):
        mine = col(DirectoryMatch.id).in_([row.id for row in part])
        account_effects.write(db, sa.update(DirectoryMatch).where(mine).values(said))
        theirs = col(DirectoryMatch.person_id).in_([row.person_id for row in part])
        taken = col(DirectoryMatch.object_id).in_([row.object_id for row in part])
        db.execute(sa.delete(DirectoryMatch).where(_IS_OPEN, sa.or_(theirs, taken)))
    left_out = dict(Counter(wrong.values()))
    _record(db, actor, done, left_out)
    return Accepted(len(done), left_out)


def _record(db: Session, actor: Actor, done: Sequence[Any], left_out: dict[NotTied, int]) -> None:
    details: dict[str, Any] = {"done": len(done), "left_out": {why.value: number for why, number in left_out.items()}}
    owners = [row.person_id for row in done]
    audit.record(db, actor, action="directory.accepted", object_kind="person", details=details, people=owners)


def _one(account_id: int) -> sa.Select[Any]:
    return sa.select(col(Account.id)).where(col(Account.id) == account_id)


def _untie(db: Session, account_id: int) -> None:
    free = {"tenant_id": None, "object_id": None}
    account = db.get_one(Account, account_id)
    if account.sign_in_method == SignInMethod.MICROSOFT:
        free |= {"verified_at": None, "first_sign_in_at": None}
        account_effects.end_sessions(db, _one(account_id), at=clock.now())
    account_effects.write(db, sa.update(Account).where(col(Account.id) == account_id).values(free))
