"""Signing in with a username and a password, or by Microsoft's word; what follows is core.services.open_session."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlmodel import Session, select

from core import clock
from core.errors import NotFound
from core.models import Account, Invitation, Purpose, SignInMethod, Superseded
from core.permissions import Actor
from core.rules import sign_in_limits
from core.rules.launch_limits import FRESH
from core.services import audit, invitations, open_session
from core.tables import actors, handing_over, school, second_factor
from core.tables.candidates import Candidate


@dataclass(frozen=True)
class Opened:
    """A new session. The token goes into the cookie and nowhere else; it is empty when nothing may open yet:

    the account holds no role, `needs_code` asks for the second factor, or `chooses` is who has to choose a password
    first, with `invitation_id` if by an initial password.
    """

    token: str = field(repr=False)
    actor: Actor
    chooses: Account | None = field(default=None, repr=False)
    invitation_id: int = 0
    needs_code: bool = False


def open(
    db: Session,
    visitor: Actor,
    *,
    candidate: Candidate,
    fits: bool,
    fits_initial: bool = False,
    renewed_hash: str = "",
    user_agent: str = "",
    trusted: bool = False,
) -> Opened | None:
    """Begin a session when the password fits; None is the one answer for all that is wrong.

    An initial password opens none, and a password that must be changed neither: they let a new one be chosen. Where a
    second factor is asked, `admit` opens the session when it was shown.

    `fits` is what password_hash.fits said of the candidate (False, unasked, where the initial password was typed),
    `renewed_hash` the same password under today's parameters.
    Counts failures and makes an account wait from the fifth on: the caller's transaction must be stored in any case.
    `trusted`: this browser signed in to this account before, so the failures of others do not hold it back (R09).
    """
    initial = fits_initial and not fits and _opens_choice(db, candidate)
    account = _confirmed(db, visitor, candidate, fits=fits or initial, trusted=trusted)
    if account is None:
        return None
    if initial:
        audit.record(db, visitor, action="initial_password.typed", object_kind="account", object_id=account.id)
        return Opened("", visitor, account, candidate.invitation_id or 0)
    account.password_hash = renewed_hash or account.password_hash
    actor = actors.of_account(db, account, session_id=secrets.token_hex(16), ip=visitor.ip)
    if not actor.roles:
        _refuse(db, visitor, account)
        return Opened("", actor)
    if second_factor.is_demanded(db, actor):
        return Opened("", actor, needs_code=True)
    return _go_on(db, visitor, account, actor, user_agent)


def admit(db: Session, visitor: Actor, *, account_id: int, user_agent: str = "") -> Opened | None:
    """Begin the session of somebody whose second factor was just accepted; None when the account closed meanwhile.

    Whether wrong passwords hold them up was asked before the code: on a browser that they know they do not (R09).
    """
    account = db.get(Account, account_id, with_for_update=True)
    if account is None or account.deactivated_at is not None:
        return None
    actor = actors.of_account(db, account, session_id=secrets.token_hex(16), ip=visitor.ip)
    return _go_on(db, visitor, account, actor, user_agent) if actor.roles else None


def _go_on(db: Session, visitor: Actor, account: Account, actor: Actor, user_agent: str) -> Opened:
    """In, or first to the page on which a password that must be changed is."""
    account.must_change_password = account.must_change_password or _has_expired(db, account)
    if account.must_change_password and account.sign_in_method == SignInMethod.LOCAL:
        db.add(account)
        db.flush()
        audit.record(db, visitor, action="password.must_change", object_kind="account", object_id=account.id)
        return Opened("", actor, account)
    return _begin(db, account, actor, user_agent)


def open_vouched(
    db: Session, visitor: Actor, *, account: Account, has_second_factor: bool, user_agent: str = ""
) -> Opened:
    """Begin a session for somebody whom Microsoft has vouched for; none opens without a role.

    Staff of whom Microsoft asked no second factor show ours, where the school wants one (R29).
    """
    actor = actors.of_account(db, account, session_id=secrets.token_hex(16), ip=visitor.ip)
    if not actor.roles:
        _refuse(db, visitor, account)
        return Opened("", actor)
    if actor.is_staff and not has_second_factor and second_factor.is_wanted(db, actor):
        return Opened("", actor, needs_code=True)
    return _begin(db, account, actor, user_agent)


def confirm(db: Session, actor: Actor, *, candidate: Candidate, fits: bool, trusted: bool = False) -> bool:
    """Whether somebody who is signed in knows their current password; wrong tries count like those at the door."""
    if candidate.account_id != actor.account_id:
        raise NotFound("This is not your account.")
    return _confirmed(db, actor, candidate, fits=fits, trusted=trusted) is not None


def _confirmed(db: Session, by: Actor, candidate: Candidate, *, fits: bool, trusted: bool = False) -> Account | None:
    """The account, when this try opens it. Every other try is written down, whatever was wrong with it (R22, R95)."""
    account = db.get(Account, candidate.account_id, with_for_update=True) if candidate.account_id else None
    if account is None:
        _refuse(db, by, None)
        return None
    right = fits and account.password_hash == candidate.stored_hash
    waiting = account.next_try_at is not None and account.next_try_at > clock.now()
    held_back = (waiting or account.suspended_at is not None) and not trusted
    if right and not held_back and account.deactivated_at is None:
        return account
    if not (right or waiting or trusted):  # the failures of a known device are its own (services.throttles)
        _count_failure(db, account)
    _refuse(db, by, account)
    return None


def _opens_choice(db: Session, candidate: Candidate) -> bool:
    """Whether the initial password that was typed is still live, read again under the lock of its account."""
    account = db.get(Account, candidate.account_id, with_for_update=True)
    local = account is not None and account.sign_in_method == SignInMethod.LOCAL and not account.password_hash
    query = select(Invitation.id).where(Invitation.id == candidate.invitation_id, handing_over.live())
    return local and db.exec(query).first() is not None


def _has_expired(db: Session, account: Account) -> bool:
    """Only where the school insists on an end; without it no password is ever too old (R03)."""
    days = school.settings(db).password_expires_days
    since = account.password_changed_at or account.created_at
    local = account.sign_in_method == SignInMethod.LOCAL
    return local and days > 0 and since + timedelta(days=days) <= clock.now()


def _begin(db: Session, account: Account, actor: Actor, user_agent: str) -> Opened:
    now = clock.now()
    if account.suspended_at is None:
        account.failed_sign_ins, account.next_try_at = 0, None
    account.first_sign_in_at = account.first_sign_in_at or now
    account.last_sign_in_at, account.sign_ins = now, account.sign_ins + 1
    db.add(account)
    db.flush()
    token = open_session.begin(db, actor, user_agent=user_agent)
    if account.sign_ins > sign_in_limits.SESSIONS_AT_MOST:  # else there never were as many: each is counted, here
        open_session.end_oldest(db, account_id=_id(account))
    audit.record(db, actor, action="sign_in.opened", object_kind="account", object_id=account.id)
    return Opened(token, replace(actor, fresh_until=now + FRESH))


def _refuse(db: Session, by: Actor, account: Account | None) -> None:
    account_id = account.id if account else None
    audit.record(db, by, action="sign_in.refused", object_kind="account", object_id=account_id, result="refused")


def _count_failure(db: Session, account: Account) -> None:
    account.failed_sign_ins += 1
    wait = sign_in_limits.wait_after(account.failed_sign_ins)
    account.next_try_at = clock.now() + wait if wait else None
    if account.failed_sign_ins >= sign_in_limits.SUSPENDED_AFTER and account.suspended_at is None:
        account.suspended_at = clock.now()
        # A hundred tries at a secret that was printed or texted: it is dead, and staff issue another (R21).
        invitations.supersede(db, account_id=_id(account), because=Superseded.GUESSED, purpose=Purpose.PASSWORD)


def _id(account: Account) -> int:
    assert account.id is not None  # noqa: S101  (a stored account has one)
    return account.id
