"""Staff accounts with their roles: who may do what, for whom, from when to when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import Account, Person, UserType
from core.permissions import Actor, Permission
from core.rules.search_text import sought
from core.tables import account_roles, frames, scope, search
from core.tables.filters import Page

if TYPE_CHECKING:
    import pandas as pd

TYPES = (UserType.ADMINISTRATOR, UserType.STAFF, UserType.TEACHER)
_COLUMNS = ("id", "person_id", "first_name", "last_name", "username", "user_type", "deactivated_at", "last_sign_in_at")


def page(db: Session, actor: Actor, *, text: str = "", page: Page) -> pd.DataFrame:
    """One page of those who are staff or hold a role of staff, by name; `roles` are what they hold."""
    actor.require(Permission.MANAGE_ROLES)
    people = (getattr(Person, name) for name in ("first_name", "last_name"))
    accounts = (getattr(Account, name) for name in _COLUMNS if name not in ("first_name", "last_name"))
    query = sa.select(*accounts, *people).join(Person, col(Person.id) == col(Account.person_id))
    mine = query.where(*_asked(db, actor, text)).order_by(col(Person.sort_name), col(Account.id))
    result = db.execute(mine.limit(page.size).offset(page.offset))
    found = frames.table(result.all(), result.keys())
    held = account_roles.held_by(db, actor, account_ids=list(found["id"]))
    return found.assign(roles=[held[account_id] for account_id in found["id"]])


def count(db: Session, actor: Actor, *, text: str = "") -> int:
    """How many they are."""
    actor.require(Permission.MANAGE_ROLES)
    query = sa.select(sa.func.count()).select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
    return db.scalar(query.where(*_asked(db, actor, text))) or 0


def _asked(db: Session, actor: Actor, text: str) -> list[sa.ColumnElement[bool]]:
    asked = [scope.people(actor), sa.or_(col(Account.user_type).in_(TYPES), account_roles.is_staff())]
    if words := sought(text):
        asked.append(search.holds(db, actor, words))
    return asked
