"""What User Account Info says of accounts beside their own columns: one query for the whole report, never one a row."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.models import AcademicPeriod, Account, AccountChange, AccountChangeItem, AccountRole, Person
from core.permissions import Role
from core.rules import words
from core.rules.account_acts import Edit
from core.tables import periods

_WORDS = {role.value: said for role, said in words.ROLE.items()}
_PLACES = {role.value: at for at, role in enumerate(Role)}


def roles(db: Session, person_ids: sa.Select[Any]) -> dict[int, str]:
    """The roles in force of each account, with their period where they hold in one only: Teacher 2026-2027, Office."""
    query = sa.select(col(AccountRole.account_id), col(AccountRole.role), col(AcademicPeriod.title))
    query = query.outerjoin(AcademicPeriod, col(AcademicPeriod.id) == col(AccountRole.period_id))
    query = query.where(col(AccountRole.account_id).in_(_accounts(person_ids)), periods.in_force())
    rows = db.execute(query.order_by(col(AccountRole.account_id))).all()
    return {
        account_id: _in_words(tuple((role, period) for _, role, period in held))
        for account_id, held in groupby(rows, itemgetter(0))
    }


def makers(db: Session, person_ids: sa.Select[Any]) -> dict[int, str]:
    """Who made each account, by name; of the first administrator's nobody is."""
    maker, change = aliased(Account), col(AccountChange.id)
    name = col(Person.first_name) + " " + col(Person.last_name)
    query = sa.select(change, name).join(maker, col(maker.id) == col(AccountChange.made_by))
    query = query.join(Person, col(Person.id) == col(maker.person_id))
    named = db.execute(query.where(col(AccountChange.act) == Edit.CREATED.value))
    names: dict[int, str] = {change_id: said for change_id, said in named}  # noqa: C416
    items = sa.select(col(AccountChangeItem.account_id), col(AccountChangeItem.change_id))
    made = items.join(AccountChange, change == col(AccountChangeItem.change_id))
    made = made.where(col(AccountChange.act) == Edit.CREATED.value)
    made = made.where(col(AccountChangeItem.account_id).in_(_accounts(person_ids)))
    return {account_id: names.get(change_id, "") for account_id, change_id in db.execute(made)}


def _accounts(person_ids: sa.Select[Any]) -> sa.Select[Any]:
    return sa.select(col(Account.id)).where(col(Account.person_id).in_(person_ids))


@lru_cache(maxsize=1000)  # thousands hold the same
def _in_words(held: tuple[tuple[str, str | None], ...]) -> str:
    ordered = sorted(held, key=lambda pair: (_PLACES[pair[0]], pair[1] or ""))
    return ", ".join(f"{_WORDS[role]} {period}" if period else _WORDS[role] for role, period in ordered)
