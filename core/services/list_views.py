"""Making a list one's own: views under a name, columns in an order. Nobody else sees them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.errors import LimitReached, NotFound
from core.models import ListColumns, SavedView
from core.permissions import Actor, Permission
from core.rules import list_views
from core.rules.list_views import MOST_VIEWS, ListView
from core.services import audit
from core.services.selections import ListName
from core.tables import list_views as table
from core.tables.filters import AccountFilter, StudentFilter

_MOST_COLUMNS = 60


def save(db: Session, actor: Actor, *, list_name: ListName, name: str, filter: StudentFilter | AccountFilter) -> int:
    """Keep a filter under a name; gives the view's id."""
    account_id = _account(actor, list_name)
    kept = table.own(db, actor, list_name=list_name)
    if len(kept) >= MOST_VIEWS:
        raise LimitReached(f"You have {MOST_VIEWS} views already. Delete one that you do not need.")
    written = list_views.name(name, {view.name for view in kept})
    row = SavedView(
        account_id=account_id, list_name=list_name, name=written, filter=filter.as_json(), created_at=clock.now()
    )
    db.add(row)
    db.flush()
    assert row.id is not None  # noqa: S101  (stored, so it has one)
    audit.record(db, actor, action="list_view.saved", object_kind="saved_view", object_id=row.id)
    return row.id


def rename(db: Session, actor: Actor, *, view_id: int, name: str) -> None:
    """Give one's own view another name."""
    row = _mine(db, actor, view_id)
    others = {view.name for view in table.own(db, actor, list_name=row.list_name) if view.own_id != view_id}
    row.name = list_views.name(name, others)
    db.add(row)
    audit.record(db, actor, action="list_view.renamed", object_kind="saved_view", object_id=view_id)


def delete(db: Session, actor: Actor, *, view_id: int) -> ListView:
    """Take one's own view away; what it was is given back, so that it can be saved again."""
    row = _mine(db, actor, view_id)
    gone = ListView(row.name, dict(row.filter))
    db.delete(row)
    audit.record(db, actor, action="list_view.deleted", object_kind="saved_view", object_id=view_id)
    return gone


def choose_columns(db: Session, actor: Actor, *, list_name: ListName, columns: Sequence[str]) -> None:
    """Remember which columns to show, in this order; none brings the standard ones back. Like a tick, not audited."""
    account_id = _account(actor, list_name)
    mine = sa.and_(col(ListColumns.account_id) == account_id, col(ListColumns.list_name) == list_name)
    chosen = list(dict.fromkeys(columns))[:_MOST_COLUMNS]
    changed = db.execute(sa.update(ListColumns).where(mine).values(columns=chosen))
    if getattr(changed, "rowcount", 0) == 0:
        db.add(ListColumns(account_id=account_id, list_name=list_name, columns=chosen))
        db.flush()


def _mine(db: Session, actor: Actor, view_id: int) -> SavedView:
    row = db.get(SavedView, view_id)
    if row is None or row.account_id != actor.account_id or actor.account_id is None:
        raise NotFound("This view is not there any more. Choose another one.")
    _account(actor, row.list_name)
    return row


def _account(actor: Actor, list_name: str) -> int:
    actor.require(Permission.SEE_STUDENTS if list_name == "students" else Permission.SEE_ACCOUNTS)
    if actor.account_id is None:
        raise NotFound("Only a signed-in account keeps views and columns.")
    return actor.account_id
