"""Between the right password and the session: a few minutes on the server, in which the second factor is asked (R24).

It is no session: it opens the pages of the second factor and nothing else.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, sealing
from core.models import Account, Person, SignInStep, TotpDevice, metadata
from core.permissions import Actor
from core.rules import one_time_codes
from core.services import audit
from core.tables import second_factor

LIVES = timedelta(minutes=10)
_step = metadata.tables["sign_in_step"]
_END_ALL = sa.delete(_step).where(_step.c.account_id == sa.bindparam("of_account"))


@dataclass(frozen=True)
class Step:
    """Who is here with the right password. `seed` is what they set up on their phone, empty where a code is asked."""

    id: str
    account_id: int
    username: str
    first_name: str
    language: str
    target: str
    seed: bytes = field(repr=False)


def begin(db: Session, actor: Actor, *, target: str, enrol: bool = False) -> str:
    """Remember who typed the right password; gives the token for their cookie.

    Whoever has no app yet sets one up, and so does whoever asks for another one (`enrol`).
    """
    now, token, step_id = clock.now(), secrets.token_urlsafe(32), secrets.token_hex(16)
    db.execute(sa.delete(SignInStep).where(col(SignInStep.expires_at) <= now))
    account_id = actor.account_id or 0
    step = SignInStep(
        id=step_id,
        token_hash=_hash(token),
        account_id=account_id,
        created_at=now,
        expires_at=now + LIVES,
        target=target,
    )
    if enrol or not second_factor.is_enrolled(db, account_id=account_id):
        sealed = sealing.seal(one_time_codes.new_seed(), table="sign_in_step", row=step_id)
        step.kid, step.sealed = sealed.kid, sealed.content
    db.add(step)
    db.flush()
    audit.record(db, actor, action="second_factor.asked", object_kind="account", object_id=account_id)
    return token


def look_up(db: Session, *, token: str) -> Step | None:
    """Who is between password and session with this cookie; None when it is over. Reads only.

    A password that was changed since, a closed account, and an app set up meanwhile in another window end it.
    """
    if not token or len(token) > 100:
        return None
    query = select(SignInStep, Account, Person).join(Account, col(Account.id) == col(SignInStep.account_id))
    query = query.join(Person, col(Person.id) == col(Account.person_id))
    row = db.exec(query.where(SignInStep.token_hash == _hash(token), SignInStep.expires_at > clock.now())).first()
    if row is None:
        return None
    step, account, person = row
    seed = _seed(step)
    if seed is None or _is_over(db, step, account):
        return None
    return Step(step.id, step.account_id, account.username, person.first_name, person.language, step.target, seed)


def _is_over(db: Session, step: SignInStep, account: Account) -> bool:
    changed, device = account.password_changed_at, db.get(TotpDevice, step.account_id)
    if account.deactivated_at is not None or (changed is not None and changed > step.created_at):
        return True
    return not step.sealed if device is None else device.enrolled_at > step.created_at


def end(db: Session, *, step_id: str) -> bool:
    """Use the step up; False when somebody else just did."""
    gone = db.execute(sa.delete(SignInStep).where(col(SignInStep.id) == step_id))
    return gone.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def end_all(db: Session, *, account_id: int) -> None:
    """Nobody goes on with a password that was typed before."""
    db.connection().execute(_END_ALL, {"of_account": account_id})


def _seed(step: SignInStep) -> bytes | None:
    """None: it was sealed with a key that is gone."""
    if not step.sealed:
        return b""
    try:
        return sealing.unseal(sealing.Sealed(step.kid, step.sealed), table="sign_in_step", row=step.id)
    except sealing.SealBroken:
        return None


def _hash(token: str) -> str:
    return hashlib.sha256(b"firstkey step" + token.encode()).hexdigest()
