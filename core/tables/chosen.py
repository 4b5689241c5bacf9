"""The rows that an account has chosen in a list, as a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core.models import Selection, SelectionItem
from core.permissions import Actor


def holds(
    db: Session, actor: Actor, *, list_name: str, key: Any, all_of: Callable[[dict[str, Any]], sa.Select[Any]]
) -> sa.ColumnElement[bool]:
    """Holds for the chosen rows. `all_of` gives the rows of a stored filter, for *everything that matches*."""
    mine = select(Selection).where(Selection.account_id == actor.account_id, Selection.list_name == list_name)
    chosen = db.exec(mine).first()
    if chosen is None:
        return sa.false()
    items = sa.select(col(SelectionItem.row_id)).where(col(SelectionItem.selection_id) == chosen.id)
    if not chosen.everything:
        return sa.and_(key.in_(items))
    return sa.and_(key.not_in(items), key.in_(all_of(chosen.filter)))
