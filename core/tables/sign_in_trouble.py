"""The facts that decide whether one account can sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import NotFound
from core.models import Account, Person, PersonKind, SignInMethod
from core.permissions import Actor, Permission
from core.rules import sign_in_trouble
from core.rules.account_state import UNDELIVERABLE
from core.rules.sign_in_trouble import Finding, SignInFacts
from core.tables import actors, person_facts, school, scope
from core.tables.reachability import email_address


@dataclass(frozen=True)
class Trouble:
    """What was found about one account, and the dates that its sentences name."""

    account_id: int
    findings: tuple[Finding, ...]
    facts: SignInFacts
    last_sign_in_at: datetime | None

    @property
    def hindrance(self) -> Finding | None:
        """The first thing in the way."""
        return sign_in_trouble.hindrance(list(self.findings))


def read(db: Session, actor: Actor, *, account_id: int) -> Trouble:
    """Why the owner cannot sign in; an account outside the actor's scope is as little there as none (R60)."""
    actor.require(Permission.SEE_ACCOUNTS)
    query = sa.select(Account, Person).join(Person, col(Person.id) == col(Account.person_id))
    row = db.execute(query.where(col(Account.id) == account_id, scope.people(actor))).first()
    if row is None:
        raise NotFound("There is no such account in your classes. Go back to User Accounts.")
    account, person = row
    facts = _facts(db, actor, account, person)
    found = tuple(sign_in_trouble.findings(facts, now=clock.now()))
    return Trouble(account_id, found, facts, account.last_sign_in_at)


def _facts(db: Session, actor: Actor, account: Account, person: Person) -> SignInFacts:
    microsoft = account.sign_in_method == SignInMethod.MICROSOFT
    policy = school.policy(school.settings(db))
    undelivered = account.delivery == "failed" and account.delivery_reason in UNDELIVERABLE
    return SignInFacts(
        active=account.deactivated_at is None,
        has_role=bool(actors.of_account(db, account, session_id="", ip=None).roles),
        suspended=account.suspended_at is not None,
        waits_until=account.next_try_at,
        provider_pending=account.pending_provider_at is not None,
        microsoft=microsoft,
        chosen=bool(account.object_id) if microsoft else bool(account.password_hash),
        invited=account.invited_at is not None,
        link_ends_at=account.invitation_ends_at,
        undelivered=undelivered,
        counts=policy.counts(is_student=person.kind == PersonKind.STUDENT, status=person.status),
        address_verified=_address_verified(db, account, person),
        shared_with=_shared_with(db, actor, account, person),
        must_change_password=account.must_change_password,
        signed_in=account.first_sign_in_at is not None,
    )


def _address_verified(db: Session, account: Account, person: Person) -> bool | None:
    policy = school.policy(school.settings(db))
    if account.verified_at is None or not person_facts.address(person, account, policy):
        return None
    return person_facts.is_address_verified(person, account, policy)


def _shared_with(db: Session, actor: Actor, account: Account, person: Person) -> int:
    """How many others within the scope get their messages at the same address, by the two indexes of addresses."""
    policy = school.policy(school.settings(db))
    mine = person_facts.address(person, account, policy)
    if not mine:
        return 0
    same = sa.or_(
        *(
            sa.and_(col(Person.kind).in_(("student", "guardian", "staff")), column == mine)
            for column in (col(Person.personal_email), col(Person.contact_email))
        )
    )
    query = sa.select(sa.func.count()).select_from(Person).join(Account, col(Account.person_id) == col(Person.id))
    others = query.where(same, col(Person.id) != person.id, email_address(policy) == mine)
    return db.scalar(others.where(scope.people(actor))) or 0
