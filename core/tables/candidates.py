"""Whom a username at the sign-in page names, with what a typed password is compared with."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.database import KEPT
from core.models import Account, Invitation, Purpose, SignInMethod
from core.permissions import Actor
from core.rules import initial_credentials, usernames
from core.tables import handing_over

_LIVE = sa.and_(
    col(Invitation.account_id) == col(Account.id),
    col(Invitation.purpose) == Purpose.PASSWORD,
    handing_over.live(at=sa.bindparam("now")),
)
_NAMED = (
    sa.select(col(Account.id), col(Account.password_hash), col(Invitation.id), col(Invitation.token_hash))
    .select_from(Account)
    .outerjoin(Invitation, _LIVE)
    .where(col(Account.username_key) == sa.bindparam("username_key"))
    .order_by(col(Invitation.id).desc())
    .execution_options(**KEPT)
)


@dataclass(frozen=True)
class Candidate:
    """Whom a username names, or nobody; read first, so that no lock is held while the password is checked."""

    account_id: int | None
    stored_hash: str = field(repr=False)
    invitation_id: int | None = None
    initial_hash: str = field(default="", repr=False)

    def knows_initial(self, typed: str) -> bool:
        """Whether the live initial password was typed; takes as long where there is none (R21, R22)."""
        fits = hmac.compare_digest(initial_credentials.token_hash(typed[:256]), self.initial_hash or "0" * 64)
        return fits and self.invitation_id is not None


def named(db: Session, *, username: str) -> Candidate:
    """The account behind a username; an unknown one looks like one without a password (R22)."""
    key = usernames.key(username)
    if not key.isprintable():
        key = ""  # nobody's
    row = db.execute(_NAMED, {"username_key": key, "now": clock.now()}).first()
    return Candidate(row[0], row[1], row[2], row[3] or "") if row else Candidate(None, "")


def signs_in_elsewhere(db: Session, actor: Actor) -> bool:
    """Whether only Microsoft knows the actor's password."""
    account = db.get(Account, actor.account_id)
    return account is not None and account.sign_in_method == SignInMethod.MICROSOFT and not account.password_hash


def own(db: Session, actor: Actor) -> Candidate:
    """The actor's own account, to have its current password confirmed."""
    account = db.get(Account, actor.account_id)
    return Candidate(account.id, account.password_hash) if account else Candidate(None, "")
