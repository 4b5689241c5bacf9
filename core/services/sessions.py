"""Where somebody is signed in: seen and ended by themselves, and by administrators for anybody (R39)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.errors import NotAllowed, NotFound, Sought
from core.models import Account, Person, SignInSession, SignInStep
from core.permissions import Actor, Permission, Role
from core.rules import devices, sign_in_limits
from core.services import audit
from core.tables import account_roles, actors, school, scope


@dataclass(frozen=True)
class Place:
    """A browser that is signed in. `handle` names it to people; it is neither the token nor the id of the row."""

    handle: str
    device: str
    begun_at: datetime
    used_at: datetime
    ip: str
    is_here: bool


def own(db: Session, actor: Actor) -> list[Place]:
    """Where the actor is signed in, this browser first."""
    actor.require(Permission.USE_OWN_ACCOUNT)
    return _places(_live(db, actor.account_id or 0, actor.roles), here=actor.session_id)


def end_own(db: Session, actor: Actor, *, handle: str) -> bool:
    """Sign out one other browser of one's own; False when it is signed out already."""
    actor.require(Permission.USE_OWN_ACCOUNT)
    account_id = actor.account_id or 0
    found = [row.id for row in _open(db, account_id) if _handle(row.id) == handle and row.id != actor.session_id]
    return _end(db, actor, account_id, found) == 1


def end_others(db: Session, actor: Actor) -> int:
    """Sign out everywhere but here; gives how many that were."""
    actor.require(Permission.USE_OWN_ACCOUNT)
    account_id = actor.account_id or 0
    return _end(db, actor, account_id, [row.id for row in _open(db, account_id) if row.id != actor.session_id])


def of_account(db: Session, actor: Actor, *, account_id: int) -> list[Place]:
    """Where somebody is signed in, for whoever may sign them out."""
    _refuse_foreign(db, actor, account_id)
    return _places(_open(db, account_id), here=actor.session_id)


def end_all(db: Session, actor: Actor, *, account_id: int) -> int:
    """Sign somebody out everywhere, for instance when a device was lost; gives how many browsers that were."""
    _refuse_foreign(db, actor, account_id)
    return _end(db, actor, account_id, [row.id for row in _open(db, account_id)])


def _refuse_foreign(db: Session, actor: Actor, account_id: int) -> None:
    actor.require(Permission.MANAGE_ACCOUNTS)
    query = sa.select(col(Account.id), account_roles.is_staff()).join(Person, col(Person.id) == col(Account.person_id))
    row = db.execute(query.where(col(Account.id) == account_id, scope.people(actor))).first()
    if row is None:
        raise NotFound("There is no such account in your classes. Go back to User Accounts.")
    if row[1] and Role.ADMINISTRATOR not in actor.roles:
        raise NotAllowed(
            "This account holds a role of staff. Only an administrator signs it out.",
            by=actor,
            sought=Sought("account", account_id),
        )


def _places(opened: list[SignInSession], *, here: str | None) -> list[Place]:
    places = [
        Place(_handle(row.id), devices.name(row.user_agent), row.created_at, row.last_used_at, row.ip, row.id == here)
        for row in opened
    ]
    return sorted(places, key=lambda place: (not place.is_here, -place.used_at.timestamp()))


def _open(db: Session, account_id: int) -> list[SignInSession]:
    account = db.get(Account, account_id)
    return _live(db, account_id, actors.of_account(db, account, session_id="", ip=None).roles) if account else []


def _live(db: Session, account_id: int, roles: frozenset[Role]) -> list[SignInSession]:
    """The sessions that still open something at this moment, to somebody of these roles."""
    now, idle = clock.now(), sign_in_limits.idle(school.settings(db), roles)
    mine = select(SignInSession).where(
        SignInSession.account_id == account_id,
        col(SignInSession.ended_at).is_(None),
        col(SignInSession.expires_at) > now,
        col(SignInSession.last_used_at) > now - idle,
    )
    return list(db.exec(mine))


def _end(db: Session, actor: Actor, account_id: int, session_ids: list[str]) -> int:
    live = sa.update(SignInSession).where(col(SignInSession.id).in_(session_ids), col(SignInSession.ended_at).is_(None))
    ended = int(db.execute(live.values(ended_at=clock.now())).rowcount)  # type: ignore[attr-defined]
    db.execute(sa.delete(SignInStep).where(col(SignInStep.account_id) == account_id))  # nobody finishes a half sign-in
    if ended:
        details = {"sessions": ended}
        audit.record(
            db, actor, action="sessions.ended", object_kind="account", object_id=account_id, details=dict(details)
        )
    return ended


def _handle(session_id: str) -> str:
    return hashlib.sha256(b"firstkey place" + session_id.encode()).hexdigest()[:16]
