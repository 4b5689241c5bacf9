"""Selections beside those of the lists: of one account, of what follows from a campaign, copies for later files."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock
from core.models import Selection, SelectionItem
from core.permissions import Actor, Permission
from core.services import selections
from core.services.selections import ListName
from core.tables import chosen, selection_rows, years
from core.tables.filters import AccountFilter, StudentFilter
from core.tables.selection_rows import RowScope

KEPT = timedelta(days=7)


def of_one(db: Session, actor: Actor, *, account_id: int) -> int:
    """A selection of one account, beside those of the lists; gives its id. The same account gives the same one."""
    actor.require(Permission.SEE_ACCOUNTS)
    row = selections.held(db, actor, f"account {account_id}")
    chosen = select(SelectionItem).where(SelectionItem.selection_id == row.id)
    if db.exec(chosen).first() is None:
        selections.add(db, row, (account_id,))
    return selections.id_of(row)


def of_campaign(db: Session, actor: Actor, *, account_ids: Collection[int]) -> int:
    """A selection for what follows from a campaign, beside those of the lists; gives its id."""
    actor.require(Permission.SEND)
    return _of_just_these(db, actor, "campaign", account_ids)


def of_people(db: Session, actor: Actor, *, person_ids: Collection[int]) -> int:
    """A selection of the people something was just done to, beside those of the lists; gives its id."""
    actor.require(Permission.SEE_STUDENTS)
    return _of_just_these(db, actor, selection_rows.PEOPLE, person_ids)


def of_leavers(db: Session, actor: Actor) -> int:
    """A selection of the accounts that still work of those who left; gives its id. There is one of them."""
    actor.require(Permission.MANAGE_PERIODS)
    row = selections.held(db, actor, "leavers")
    selections.replace(db, row, everything=False, filter={}, items=list(db.scalars(years.accounts_of_leavers())))
    return selections.id_of(row)


def of_students(db: Session, actor: Actor, *, filter: StudentFilter) -> int:
    """What the Reports page is about, shown without a list; gives its id. There is one of them."""
    actor.require(Permission.SEE_STUDENTS)
    row = selections.held(db, actor, f"students{chosen.FOR}reports")
    row.shown_filter, row.changed_at = filter.as_json(), clock.now()
    db.add(row)
    return selections.id_of(row)


def of_check(db: Session, actor: Actor, *, list_name: ListName, rows: Collection[int]) -> ListName:
    """The rows that a list shows when it is asked for `of_check`, one such set for each list; gives the list."""
    actor.require(Permission.SEND)
    selections.replace(
        db, selections.held(db, actor, chosen.of_check(list_name)), everything=False, filter={}, items=rows
    )
    return list_name


def frozen(db: Session, actor: Actor, *, selection_id: int, scope: RowScope) -> tuple[int, RowScope]:
    """A copy that later ticks and searches leave alone, for a file that is made later: its id, and its scope.

    A filter that asks for a selection itself would follow it: then the rows are meant that match now.
    """
    row = selection_rows.owned(db, actor, selection_id)
    copy = selections.held(db, actor, f"{row.list_name}{chosen.FOR}{secrets.token_hex(8)}")
    if scope == "shown" and _follows_a_selection(row):
        selections.replace(
            db,
            copy,
            everything=False,
            filter={},
            items=list(db.scalars(selection_rows.row_ids(db, actor, selection_id=selection_id, scope=scope))),
        )
        return selections.id_of(copy), "selected"
    ticked = select(SelectionItem.row_id).where(SelectionItem.selection_id == row.id)
    selections.replace(db, copy, everything=row.everything, filter=row.filter, items=list(db.scalars(ticked)))
    copy.shown_filter = {} if _follows_a_selection(row) else row.shown_filter
    return selections.id_of(copy), scope


def forget(db: Session, *, selection_ids: Collection[int]) -> None:
    """Remove copies that nobody needs any more."""
    db.execute(sa.delete(SelectionItem).where(col(SelectionItem.selection_id).in_(selection_ids)))
    db.execute(sa.delete(Selection).where(col(Selection.id).in_(selection_ids)))


def _of_just_these(db: Session, actor: Actor, kind: str, rows: Collection[int]) -> int:
    """One for each set of rows: what a link or an *Undo* means stays when the next one is made; gives its id."""
    of_rows = hashlib.sha256(repr(sorted(rows)).encode()).hexdigest()[:32]
    row = selections.held(db, actor, f"{kind}{chosen.FOR}{of_rows}")
    selections.replace(db, row, everything=False, filter={}, items=rows)
    db.flush()
    _let_go(db, actor, kind)
    return selections.id_of(row)


def _let_go(db: Session, actor: Actor, kind: str) -> None:
    """Those that nobody has asked for in a week. Never the newest: SQLite would give its number away once more."""
    mine, name = col(Selection.account_id) == actor.account_id, col(Selection.list_name)
    of_kind = sa.or_(name == kind, name.startswith(f"{kind}{chosen.FOR}"))
    old = sa.select(col(Selection.id)).where(mine, of_kind, col(Selection.changed_at) < clock.now() - KEPT)
    newest = sa.select(sa.func.max(col(Selection.id))).scalar_subquery()
    forget(db, selection_ids=list(db.scalars(old.where(col(Selection.id) < newest))))


def _follows_a_selection(row: Selection) -> bool:
    kind = StudentFilter if selection_rows.list_name_of(row) in selection_rows.OF_PEOPLE else AccountFilter
    return selections.asks_for_a_selection(kind.from_json(row.shown_filter))
