"""What an account has made of a list: its own views and its choice of columns; and how many each view shows."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlmodel import Session, col

from core.models import ListColumns, SavedView
from core.permissions import Actor
from core.rules.list_views import ListView
from core.tables import accounts, students
from core.tables.filters import AccountFilter, StudentFilter


def _mine(made: type[SavedView] | type[ListColumns]) -> tuple[sa.ColumnElement[bool], ...]:
    of_actor = col(made.account_id) == sa.bindparam("account_id")
    return of_actor, col(made.list_name) == sa.bindparam("list_name")


# Made once, and of columns: the lists ask for both at each draw.
_VIEWS = sa.select(col(SavedView.name), col(SavedView.filter), col(SavedView.id)).where(*_mine(SavedView))
_IN_ORDER = _VIEWS.order_by(col(SavedView.name))
_COLUMNS = sa.select(col(ListColumns.columns)).where(*_mine(ListColumns))


def own(db: Session, actor: Actor, *, list_name: str) -> list[ListView]:
    """The views that the actor has saved, by name."""
    rows = db.execute(_IN_ORDER, {"account_id": actor.account_id, "list_name": list_name})
    return [ListView(name, filter, own_id=own_id) for name, filter, own_id in rows]


def columns(db: Session, actor: Actor, *, list_name: str) -> list[str]:
    """The columns that the actor has chosen, in their order; none when the standard ones are to be shown."""
    chosen = db.execute(_COLUMNS, {"account_id": actor.account_id, "list_name": list_name}).scalar()
    return list(chosen or ())


def count(db: Session, actor: Actor, *, list_name: str, stored: Mapping[str, object]) -> int:
    """How many rows of the list a stored filter shows now."""
    if list_name == "students":
        return students.count(db, actor, filter=StudentFilter.from_json(stored))
    return accounts.count(db, actor, filter=AccountFilter.from_json(stored))
