"""Somebody who typed an initial password, or must change theirs, chooses a password before anything opens (R07, R21).

What was proved at the sign-in page is carried to the next one by a ticket: signed, short-lived, tied to the password
hash that stood then. Nothing is used up until the chosen password is stored, so a closed browser locks nobody out.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, keys
from core.errors import InputProblem, TokenRejected
from core.models import Account, Invitation, Person, SignInMethod, Superseded
from core.permissions import Actor
from core.rules import initial_credentials, passwords
from core.rules.words import OBJECTION
from core.services import audit, invitations
from core.tables import handing_over, school

TICKET_LIVES = timedelta(minutes=30)
_SAME = "This is the password you have now. Choose another one that only you know."


@dataclass(frozen=True)
class Chooser:
    """Who has to choose, and what a new password must keep to."""

    account_id: int
    invitation_id: int
    first_name: str
    username: str
    language: str
    shortest: int
    about: tuple[str, ...]
    stored_hash: str = field(repr=False)


def ticket(account: Account, *, invitation_id: int = 0) -> str:
    """What lets this browser choose a password of this account, for half an hour; 0: a password that must change."""
    until = int((clock.now() + TICKET_LIVES).timestamp())
    claim = f"{account.id}.{invitation_id}.{until}"
    return f"{claim}.{_seal(keys.current(), claim, account.password_hash)}"


def look_up(db: Session, *, ticket: str) -> Chooser | None:
    """Who may choose with this ticket; None when it is not ours, too old, or no longer needed. Reads only."""
    numbers = _numbers(ticket)
    account = db.get(Account, numbers[0]) if numbers else None
    if numbers is None or account is None or not _is_sealed(ticket, account.password_hash):
        return None
    if not _is_wanted(db, account, numbers[1]) or datetime.fromtimestamp(numbers[2], UTC) <= clock.now():
        return None
    settings, person = school.settings(db), db.get_one(Person, account.person_id)
    return Chooser(
        account.id or 0,
        numbers[1],
        person.first_name,
        account.username,
        person.language,
        school.shortest_password(settings, account.user_type),
        (person.first_name, person.middle_name, person.last_name, account.username, settings.school_name),
        account.password_hash,
    )


def check_password(db: Session, chooser: Chooser, *, password: str) -> None:
    """Refuse a password that will not do, saying why in words; an initial password never becomes a lasting one."""
    opinion = passwords.judge(password, shortest=chooser.shortest, about=chooser.about)
    if not opinion.accepted:
        raise InputProblem(OBJECTION[opinion.objections[0]], field="password")
    known = sa.select(col(Invitation.id)).where(
        col(Invitation.account_id) == chooser.account_id,
        col(Invitation.token_hash) == initial_credentials.token_hash(password),
    )
    if db.scalar(known) is not None:
        raise InputProblem(_SAME, field="password")


def refuse_same(same: bool) -> None:
    """Refuse as the new password the one that it is already."""
    if same:
        raise InputProblem(_SAME, field="password")


def store(db: Session, visitor: Actor, *, ticket: str, password_hash: str) -> Account:
    """Store the chosen password; the initial password is used up here, once, and all that was open ends.

    `password_hash` was made before this transaction began. Raises TokenRejected when the ticket no longer holds.
    """
    numbers, now = _numbers(ticket), clock.now()
    account = db.get(Account, numbers[0], with_for_update=True) if numbers else None
    chooser = look_up(db, ticket=ticket)
    if account is None or chooser is None:
        raise TokenRejected("unknown")
    if chooser.invitation_id and not _use(db, chooser.invitation_id):
        raise TokenRejected("used")
    account.password_hash, account.password_changed_at = password_hash, now
    account.verified_at, account.must_change_password = account.verified_at or now, False
    account.failed_sign_ins, account.next_try_at, account.suspended_at = 0, None, None
    db.add(account)
    db.flush()
    invitations.supersede(db, account_id=chooser.account_id, because=Superseded.PASSWORD_CHOSEN)
    action = "initial_password.used" if chooser.invitation_id else "password.changed"
    audit.record(db, visitor, action=action, object_kind="account", object_id=account.id)
    return account


def _use(db: Session, invitation_id: int) -> bool:
    use = sa.update(Invitation).where(col(Invitation.id) == invitation_id, handing_over.live())
    return db.execute(use.values(used_at=clock.now())).rowcount == 1  # type: ignore[attr-defined, no-any-return]


def _is_wanted(db: Session, account: Account, invitation_id: int) -> bool:
    """Whether what the ticket was given for still stands."""
    if account.deactivated_at is not None or account.sign_in_method != SignInMethod.LOCAL:
        return False
    if not invitation_id:
        return account.must_change_password
    query = sa.select(col(Invitation.id)).where(col(Invitation.id) == invitation_id, handing_over.live())
    return db.scalar(query.where(col(Invitation.account_id) == account.id)) is not None


def _numbers(ticket: str) -> tuple[int, int, int] | None:
    """Account, invitation and end, as the ticket says them."""
    parts = ticket.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts[:3]):
        return None
    account_id, invitation_id, until = map(int, parts[:3])
    return account_id, invitation_id, until


def _is_sealed(ticket: str, stored_hash: str) -> bool:
    claim, _, seal = ticket.rpartition(".")
    return any(
        hmac.compare_digest(_seal(key, claim, stored_hash).encode(), seal.encode()) for key in keys.known().values()
    )


def _seal(key: keys.Key, claim: str, stored_hash: str) -> str:
    return key.sign("choose password", f"{claim}|{stored_hash}").hex()
