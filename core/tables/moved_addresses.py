"""Where the messages of accounts go, and who would miss them when they go elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Account, Guardianship, Person
from core.rules.account_state import UNDELIVERABLE
from core.tables import reachability, school, scope


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


def numbers_left(db: Session, taken: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """By account, the numbers that were taken from these people: their own, and for the students they answer for.

    Not where the number is that of the person still, or of somebody who answers for them and may get texts.
    """
    left: list[tuple[int, str]] = []
    for part in database.slices(taken):
        accounts = _told_there(db, sorted({person_id for person_id, _number in part}))
        still = _numbers(db, sorted({person_id for _had, _account, person_id in accounts}))
        left += [
            (account_id, number)
            for had, number in part
            for whose, account_id, person_id in accounts
            if whose == had and (person_id, number) not in still
        ]
    return left


def _told_there(db: Session, person_ids: Sequence[int]) -> list[tuple[int, int, int]]:
    """Whoever's number it was, with each account that texts went there for, and its person."""
    person_id = col(Account.person_id)
    own = sa.select(person_id, col(Account.id), person_id).where(person_id.in_(person_ids))
    of_students = sa.select(col(Guardianship.guardian_id), col(Account.id), person_id)
    of_students = of_students.join(Guardianship, col(Guardianship.student_id) == person_id)
    of_students = of_students.where(col(Guardianship.guardian_id).in_(person_ids))
    return [tuple(row) for query in (own, of_students) for row in db.execute(query)]


def _numbers(db: Session, person_ids: Sequence[int]) -> set[tuple[int, str]]:
    """The numbers at which these people may get texts now."""
    both = (col(Person.mobile), col(Person.phone))
    own = sa.select(col(Person.id), *both).where(col(Person.id).in_(person_ids))
    student_id = col(Guardianship.student_id)
    guardians = sa.select(student_id, *both).join(Guardianship, col(Guardianship.guardian_id) == col(Person.id))
    guardians = guardians.where(student_id.in_(person_ids), col(Guardianship.may_sms), scope.holds_today(Guardianship))
    rows = [row for query in (own, guardians) for row in db.execute(query)]
    return {(person_id, number) for person_id, *numbers in rows for number in numbers}
