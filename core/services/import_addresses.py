"""What follows where an import gives people with accounts other addresses or numbers (R17, R23)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from core import database
from core.models import Account
from core.permissions import Actor
from core.rules.imports.plan import Change, Plan
from core.services import address_changes

_DECIDING = {*address_changes.EMAILS, *address_changes.NUMBERS, "use_personal_email"}


@dataclass(frozen=True)
class Moving:
    """By account, where its messages go before the import.

    And what is taken away: each e-mail address with its account, each number with its person.
    """

    standing: dict[int, str]
    emails: list[tuple[int, str]]
    numbers: list[tuple[int, str]]


def before(db: Session, plan: Plan) -> Moving:
    """What has to be known before the import is written."""
    changes = {change.before["id"]: change for change in plan.changed if _DECIDING & set(change.fields)}
    accounts = _accounts(db, list(changes))
    emails = [
        (account_id, address)
        for person_id, account_id in accounts.items()
        for address in _taken(changes[person_id], address_changes.EMAILS)
    ]
    numbers = [
        (person_id, number)
        for person_id, change in changes.items()
        for number in _taken(change, address_changes.NUMBERS)
    ]
    return Moving(address_changes.standing(db, sorted(accounts.values())), emails, numbers)


def follow(db: Session, actor: Actor, moving: Moving) -> tuple[int, ...]:
    """What went to an address or number that is no longer the person's opens nothing any more.

    Gives the campaigns that tell the addresses.
    """
    moved = address_changes.follow(db, actor, before=moving.standing)
    address_changes.close(db, moving.emails)
    address_changes.close_numbers(db, moving.numbers)
    return moved.notices


def _taken(change: Change, names: Sequence[str]) -> list[str]:
    then, now = change.before, change.after
    return [then[name] for name in names if then[name] and then[name] != now.get(name, then[name])]


def _accounts(db: Session, person_ids: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in database.slices(person_ids):
        mine = col(Account.person_id).in_(part)
        found |= {row[0]: row[1] for row in db.execute(sa.select(col(Account.person_id), col(Account.id)).where(mine))}
    return found
