"""Signing in with a username and a password, and the sessions that follow (R34-R38)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, keys
from core.errors import NotAllowed
from core.models import Account, AccountRole, SignInSession
from core.permissions import Actor, Role, Scope
from core.rules import usernames
from core.services import audit

FREE_TRIES, SUSPENDED_AFTER, SESSIONS_AT_MOST = 4, 100, 5
SHORTEST_WAIT_S, LONGEST_WAIT_S = 30, 3600
ADMINISTRATOR_LIMITS = (timedelta(minutes=15), timedelta(hours=8))  # idle, absolute (R36)
OTHER_LIMITS = (timedelta(minutes=30), timedelta(hours=12))
USE_IS_NOTED_AFTER = timedelta(seconds=20)  # a write per click would be a lock per click


@dataclass(frozen=True)
class Candidate:
    """Whom a username names, or nobody; read first, so that no lock is held while the password is checked."""

    account_id: int | None
    stored_hash: str


@dataclass(frozen=True)
class Opened:
    """A new session. The token goes into the cookie and nowhere else."""

    token: str
    actor: Actor


def candidate(db: Session, *, username: str) -> Candidate:
    """The account behind a username; an unknown one looks like one without a password (R22)."""
    account = db.exec(select(Account).where(Account.username_key == usernames.key(username))).first()
    return Candidate(account.id, account.password_hash) if account else Candidate(None, "")


def open(db: Session, visitor: Actor, *, candidate: Candidate, fits: bool, user_agent: str = "") -> Opened | None:
    """Begin a session when the password fits; None is the one answer for all that is wrong.

    `fits` is what password_hash.fits said of the candidate. Counts failures and makes an account wait after the fourth:
    the caller's transaction must be stored in both cases. Refuses with NotAllowed when the account holds no role today.
    """
    account = db.get(Account, candidate.account_id, with_for_update=True) if candidate.account_id else None
    if account is None:
        audit.record(db, visitor, action="sign_in.refused", result="refused")
        return None
    if account.next_try_at and account.next_try_at > clock.now():
        return None
    if not fits or account.suspended_at or account.password_hash != candidate.stored_hash:
        _count_failure(db, visitor, account)
        return None
    if account.deactivated_at:
        audit.record(
            db, visitor, action="sign_in.refused", object_kind="account", object_id=account.id, result="refused"
        )
        return None
    return _begin(db, visitor, account, user_agent)


def actor_of(db: Session, *, token: str | None, ip: str | None = None) -> Actor | None:
    """Who holds this session now, with the roles of today; None when it has ended in any way."""
    if not token or len(token) > 100:
        return None
    found = select(SignInSession, Account).join(Account, col(Account.id) == col(SignInSession.account_id))
    row = db.exec(found.where(SignInSession.token_hash == _hash(token))).first()
    if row is None:
        return None
    session, account = row
    actor = _actor(db, account, session_id=session.id, ip=ip)
    now, (idle, _absolute) = clock.now(), _limits(actor)
    live = session.ended_at is None and session.expires_at > now and session.last_used_at + idle > now
    allowed = account.deactivated_at is None and account.suspended_at is None and bool(actor.roles)
    return actor if live and allowed else None


def is_due_to_note(db: Session, *, actor: Actor) -> bool:
    """Whether the last noted use is long enough ago for another write."""
    last = db.scalar(select(SignInSession.last_used_at).where(SignInSession.id == actor.session_id))
    return last is not None and last + USE_IS_NOTED_AFTER < clock.now()


def note_use(db: Session, *, actor: Actor) -> None:
    """A person did something: the session's idle time starts again (R36). A page that refreshes itself is no person."""
    live = sa.update(SignInSession).where(
        col(SignInSession.id) == actor.session_id, col(SignInSession.ended_at).is_(None)
    )
    db.execute(live.values(last_used_at=clock.now()))


def close(db: Session, actor: Actor) -> None:
    """Sign out of this session, on the server (R38)."""
    _end(db, col(SignInSession.id) == actor.session_id)
    audit.record(db, actor, action="sign_in.ended", object_kind="account", object_id=actor.account_id)


def close_all(db: Session, *, account_id: int, but: str | None = None) -> None:
    """End the sessions of an account, for instance when its password changes (R17); `but` is spared."""
    _end(db, sa.and_(col(SignInSession.account_id) == account_id, col(SignInSession.id) != (but or "")))


def form_token(actor: Actor) -> str:
    """What a form of this session carries to prove that it came from our page (R40)."""
    return keys.current().sign("form", actor.session_id or "").hex()[:32]


def form_token_fits(actor: Actor, text: str) -> bool:
    return hmac.compare_digest(form_token(actor).encode(), text.encode())


def _begin(db: Session, visitor: Actor, account: Account, user_agent: str) -> Opened:
    now, token = clock.now(), secrets.token_urlsafe(32)
    actor = _actor(db, account, session_id=secrets.token_hex(16), ip=visitor.ip)
    if not actor.roles:
        raise NotAllowed("Your account has no role in this school year. Ask your school's office to give it one.")
    _idle, absolute = _limits(actor)
    session = SignInSession(
        id=actor.session_id or "",
        token_hash=_hash(token),
        account_id=_id(account),
        created_at=now,
        last_used_at=now,
        expires_at=now + absolute,
        ip=visitor.ip or "",
        user_agent=user_agent[:200],
    )
    db.add(session)
    account.failed_sign_ins, account.next_try_at = 0, None
    account.first_sign_in_at = account.first_sign_in_at or now
    account.last_sign_in_at, account.sign_ins = now, account.sign_ins + 1
    db.add(account)
    db.flush()
    _end_oldest(db, _id(account))
    audit.record(db, actor, action="sign_in.opened", object_kind="account", object_id=account.id)
    return Opened(token, actor)


def _count_failure(db: Session, visitor: Actor, account: Account) -> None:
    account.failed_sign_ins += 1
    over = account.failed_sign_ins - FREE_TRIES
    if over > 0:
        wait = min(LONGEST_WAIT_S, SHORTEST_WAIT_S * 2 ** min(over - 1, 10))
        account.next_try_at = clock.now() + timedelta(seconds=wait)
    if account.failed_sign_ins >= SUSPENDED_AFTER and account.suspended_at is None:
        account.suspended_at = clock.now()
    db.add(account)
    audit.record(db, visitor, action="sign_in.refused", object_kind="account", object_id=account.id, result="refused")


def _actor(db: Session, account: Account, *, session_id: str, ip: str | None) -> Actor:
    held = db.exec(select(AccountRole).where(AccountRole.account_id == account.id)).all()
    current = [role for role in held if _holds(role, clock.now().date())]
    scope = Scope()
    for role in current:
        scope |= Scope(role.everybody, frozenset(role.section_ids))
    roles = frozenset(Role(role.role) for role in current)
    return Actor(account.username, account.id, account.person_id, roles, scope, session_id, ip)


def _holds(role: AccountRole, today: date) -> bool:
    return (role.starts_on or today) <= today <= (role.ends_on or today)


def _limits(actor: Actor) -> tuple[timedelta, timedelta]:
    return ADMINISTRATOR_LIMITS if Role.ADMINISTRATOR in actor.roles else OTHER_LIMITS


def _end(db: Session, which: sa.ColumnElement[bool]) -> None:
    db.execute(
        sa.update(SignInSession).where(which, col(SignInSession.ended_at).is_(None)).values(ended_at=clock.now())
    )


def _end_oldest(db: Session, account_id: int) -> None:
    """At most five at once (R39)."""
    mine = select(SignInSession.id).where(SignInSession.account_id == account_id, col(SignInSession.ended_at).is_(None))
    newest = list(db.exec(mine.order_by(col(SignInSession.created_at).desc(), col(SignInSession.id))))
    if len(newest) > SESSIONS_AT_MOST:
        _end(db, col(SignInSession.id).in_(newest[SESSIONS_AT_MOST:]))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _id(account: Account) -> int:
    assert account.id is not None  # noqa: S101  (a stored account has one)
    return account.id
