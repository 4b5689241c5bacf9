"""The session of whoever is signed in: how it begins, whose it is now, when it was used, how it ends (R34-R39)."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, keys
from core.database import KEPT
from core.models import Account, SchoolSettings, SignInSession, metadata
from core.permissions import Actor
from core.rules import sign_in_limits
from core.rules.launch_limits import FRESH
from core.services import audit, sign_in_steps
from core.tables import actors, school

_TIMES = ("created_at", "confirmed_at", "last_used_at", "expires_at", "ended_at")
_OF_SCHOOL = ("time_zone", "idle_minutes", "administrator_idle_minutes")
# Made once, and of columns: every run of a page asks this, and whole rows took three times as long.
_HOLDER = (
    sa.select(*(col(getattr(SignInSession, name)) for name in ("id", "account_id", *_TIMES)))
    .add_columns(*(col(getattr(Account, name)) for name in ("username", "person_id", "deactivated_at")))
    .add_columns(*(col(getattr(SchoolSettings, name)) for name in _OF_SCHOOL))
    .join(Account, col(Account.id) == col(SignInSession.account_id))
    .outerjoin(SchoolSettings, col(SchoolSettings.id) == 1)
    .where(col(SignInSession.token_hash) == sa.bindparam("token_hash"))
    .execution_options(**KEPT)
)
_LAST_USED = (
    sa.select(col(SignInSession.last_used_at))
    .where(col(SignInSession.id) == sa.bindparam("of_session"))
    .execution_options(**KEPT)
)
_session = metadata.tables["sign_in_session"]
_BEGIN = sa.insert(_session)
_OPEN = (
    sa.select(_session.c.id)
    .where(_session.c.account_id == sa.bindparam("of_account"), _session.c.ended_at.is_(None))
    .order_by(_session.c.created_at.desc(), _session.c.id)
)
_END = sa.update(_session).where(_session.c.ended_at.is_(None)).values(ended_at=sa.bindparam("now"))
_END_ALL = _END.where(_session.c.account_id == sa.bindparam("of_account"), _session.c.id != sa.bindparam("but"))


def begin(db: Session, actor: Actor, *, user_agent: str) -> str:
    """Store the session that `actor.session_id` names; gives its token, which is for the cookie and nothing else."""
    now, token = clock.now(), secrets.token_urlsafe(32)
    session = {
        "id": actor.session_id,
        "token_hash": _hash(token),
        "account_id": actor.account_id,
        "created_at": now,
        "last_used_at": now,
        "expires_at": now + sign_in_limits.absolute(school.settings(db), actor.roles),
        "ip": actor.ip or "",
        "user_agent": user_agent[:200],
    }
    db.connection().execute(_BEGIN, session)
    return token


def actor_of(db: Session, *, token: str | None, ip: str | None = None) -> Actor | None:
    """Who holds this session now, with the roles of today; None when it has ended in any way.

    A suspended account keeps its sessions: wrong passwords of a stranger throw nobody out (R09).
    """
    if not token or len(token) > 100:
        return None
    row: Any = db.connection().execute(_HOLDER, {"token_hash": _hash(token)}).first()
    if row is None:
        return None
    own = row if row.time_zone else SchoolSettings()
    clock.is_in(own.time_zone)
    roles, scope = actors.of_today(db, row.account_id)
    now, proved = clock.now(), max(moment for moment in (row.created_at, row.confirmed_at) if moment)
    used_lately = row.last_used_at + sign_in_limits.idle(own, roles) > now
    live = row.ended_at is None and row.expires_at > now and used_lately
    if not live or row.deactivated_at is not None or not roles:
        return None
    return Actor(row.username, row.account_id, row.person_id, roles, scope, row.id, ip, proved + FRESH)


def is_due_to_note(db: Session, *, actor: Actor) -> bool:
    """Whether the last noted use is long enough ago for another write."""
    last = db.scalar(_LAST_USED, {"of_session": actor.session_id})
    return last is not None and last + sign_in_limits.USE_IS_NOTED_AFTER < clock.now()


def note_use(db: Session, *, actor: Actor) -> None:
    """A person did something: the session's idle time starts again (R36). A page that refreshes itself is no person."""
    live = sa.update(SignInSession).where(
        col(SignInSession.id) == actor.session_id, col(SignInSession.ended_at).is_(None)
    )
    db.execute(live.values(last_used_at=clock.now()))


def close(db: Session, actor: Actor) -> None:
    """Sign out of this session, on the server (R38), and of another phone that was being set up from it."""
    sign_in_steps.end_all(db, account_id=actor.account_id or 0)
    db.connection().execute(_END.where(_session.c.id == actor.session_id), {"now": clock.now()})
    audit.record(db, actor, action="sign_in.ended", object_kind="account", object_id=actor.account_id)


def close_all(db: Session, *, account_id: int, but: str | None = None) -> None:
    """End the sessions of an account, for instance when its password changes (R17); `but` is spared.

    Whoever is between password and session does not go on with the password of before.
    """
    sign_in_steps.end_all(db, account_id=account_id)
    db.connection().execute(_END_ALL, {"of_account": account_id, "but": but or "", "now": clock.now()})


def end_oldest(db: Session, *, account_id: int) -> None:
    """At most five at once (R39)."""
    newest = db.connection().scalars(_OPEN, {"of_account": account_id}).all()
    if len(newest) > sign_in_limits.SESSIONS_AT_MOST:
        oldest = _session.c.id.in_(newest[sign_in_limits.SESSIONS_AT_MOST :])
        db.connection().execute(_END.where(oldest), {"now": clock.now()})


def form_token(actor: Actor) -> str:
    """What a form of this session carries to prove that it came from our page (R40)."""
    return keys.token("form", actor.session_id or "")


def form_token_fits(actor: Actor, text: str) -> bool:
    """Whether a form comes from a page of this session, be it one from before the key was changed (R94)."""
    return keys.made("form", actor.session_id or "", text)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
