"""Single people: the name of whoever acts, and whose accounts some are."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Account, Person
from core.permissions import Actor


def name_of(db: Session, actor: Actor) -> str:
    """The name of a person who has signed in, else what the audit calls the actor."""
    person = db.get(Person, actor.person_id) if actor.person_id else None
    return f"{person.first_name} {person.last_name}" if person else actor.label


def named(db: Session, account_ids: Sequence[int]) -> tuple[int | None, list[int] | None]:
    """How the audit names the accounts of an act: the one that it was, else the people, who are kept as a set."""
    return (account_ids[0], None) if len(account_ids) == 1 else (None, of_accounts(db, account_ids))


def of_accounts(db: Session, account_ids: Sequence[int]) -> list[int]:
    """The ids of the persons whose accounts these are."""
    owners: list[int] = []
    for part in database.slices(account_ids):
        owners += db.scalars(sa.select(col(Account.person_id)).where(col(Account.id).in_(part)))
    return owners
