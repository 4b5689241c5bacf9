"""Where the messages of accounts go, and who would miss them when they go elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, Person
from core.rules.account_state import UNDELIVERABLE
from core.tables import reachability, school


def now(db: Session, account_ids: Sequence[int], *, hold: bool = False) -> dict[int, str]:
    """By account, where it has an address at all. `hold`: nobody else changes these people until this is stored."""
    policy = school.policy(school.settings(db))
    query = sa.select(col(Account.id), reachability.email_address(policy))
    query = query.join(Person, col(Person.id) == col(Account.person_id))
    query = query.where(col(Account.id).in_(account_ids), reachability.has_email_address(policy))
    if hold:
        query = query.with_for_update(of=Person)
    return {row[0]: row[1] for row in db.execute(query)}


def who_would_know(db: Session, old: Mapping[int, str]) -> list[tuple[int, str]]:
    """The accounts that were written to or used, with their language; without those whose old address bounced."""
    known = sa.or_(
        *(fact.is_not(None) for fact in (col(Account.invited_at), col(Account.verified_at))),
        col(Account.first_sign_in_at).is_not(None),
    )
    query = sa.select(
        col(Account.id),
        col(Person.language),
        col(Account.delivery),
        col(Account.delivery_reason),
        col(Account.delivery_address),
    ).join(Person, col(Person.id) == col(Account.person_id))
    rows = db.execute(query.where(col(Account.id).in_(list(old)), known).order_by(col(Account.id)))
    return [
        (account_id, language)
        for account_id, language, delivery, reason, address in rows
        if not (delivery == "failed" and reason in UNDELIVERABLE and address == old[account_id])
    ]
