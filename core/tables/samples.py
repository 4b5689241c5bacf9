"""The few people whose mails a check shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from core.models import Account, Person, SignInMethod


@dataclass(frozen=True)
class SamplePerson:
    """Who a sample is for."""

    first_name: str
    last_name: str
    username: str
    microsoft: bool


def people(db: Session, *, account_ids: Sequence[int]) -> dict[int, SamplePerson]:
    """By account."""
    query = select(Account, Person).where(col(Account.id).in_(account_ids), col(Person.id) == col(Account.person_id))
    return {
        account.id or 0: SamplePerson(
            person.first_name, person.last_name, account.username, account.sign_in_method == SignInMethod.MICROSOFT
        )
        for account, person in db.exec(query)
    }
