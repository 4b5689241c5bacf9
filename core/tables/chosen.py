"""The rows that an account has chosen in a list, as a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.models import Selection, SelectionItem
from core.permissions import Actor

FOR = " for "  # between the list of a selection that stands beside the lists and what it is for


def of_check(list_name: str) -> str:
    """The name of the selection with the people of one reason of a check."""
    return f"{list_name}{FOR}a check"


def holds(
    db: Session, actor: Actor, *, list_name: str, key: Any, all_of: Callable[[dict[str, Any]], sa.Select[Any]]
) -> sa.ColumnElement[bool]:
    """Holds for the chosen rows. `all_of` gives the rows of a stored filter, for *everything that matches*."""
    chosen = _mine(db, actor, list_name)
    if chosen is None:
        return sa.false()
    items = _items(chosen)
    if not chosen.everything:
        return sa.and_(key.in_(items))
    return sa.and_(key.not_in(items), key.in_(all_of(chosen.filter)))


def of_reason(db: Session, actor: Actor, *, list_name: str, key: Any) -> sa.ColumnElement[bool]:
    """Holds for the people of the reason that the actor opened last from a check."""
    opened = _mine(db, actor, of_check(list_name))
    return sa.and_(key.in_(_items(opened))) if opened else sa.false()


def ticked(db: Session, actor: Actor, *, list_name: str) -> sa.Select[Any] | None:
    """The rows that were ticked one by one, None for *everything that matches*."""
    chosen = _mine(db, actor, list_name)
    return _items(chosen) if chosen is not None and not chosen.everything else None


def _mine(db: Session, actor: Actor, list_name: str) -> Selection | None:
    mine = select(Selection).where(Selection.account_id == actor.account_id, Selection.list_name == list_name)
    return db.exec(mine).first()


def _items(chosen: Selection) -> sa.Select[Any]:
    return sa.select(col(SelectionItem.row_id)).where(col(SelectionItem.selection_id) == chosen.id)
