"""What an account has made of a list: its own views and its choice of columns; and how many each view shows."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, select

from core.models import ListColumns, SavedView
from core.permissions import Actor
from core.rules.list_views import ListView
from core.tables import accounts, students
from core.tables.filters import AccountFilter, StudentFilter


def own(db: Session, actor: Actor, *, list_name: str) -> list[ListView]:
    """The views that the actor has saved, by name."""
    mine = select(SavedView).where(SavedView.account_id == actor.account_id, SavedView.list_name == list_name)
    rows = db.exec(mine.order_by(col(SavedView.name)))
    return [ListView(row.name, row.filter, own_id=row.id) for row in rows]


def columns(db: Session, actor: Actor, *, list_name: str) -> list[str]:
    """The columns that the actor has chosen, in their order; none when the standard ones are to be shown."""
    mine = select(ListColumns).where(ListColumns.account_id == actor.account_id, ListColumns.list_name == list_name)
    row = db.exec(mine).first()
    return list(row.columns) if row else []


def count(db: Session, actor: Actor, *, list_name: str, stored: Mapping[str, object]) -> int:
    """How many rows of the list a stored filter shows now."""
    if list_name == "students":
        return students.count(db, actor, filter=StudentFilter.from_json(stored))
    return accounts.count(db, actor, filter=AccountFilter.from_json(stored))
