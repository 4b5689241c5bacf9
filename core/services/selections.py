"""Which rows of a list an account has chosen: stored, so that it outlives filter, page and refresh."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from core import clock
from core.errors import NotFound
from core.models import Selection, SelectionItem, metadata
from core.permissions import Actor, Permission
from core.tables import selection_rows
from core.tables.filters import AccountFilter, StudentFilter

ListName = Literal["students", "accounts"]
_PERMISSION: dict[ListName, Permission] = {"students": Permission.SEE_STUDENTS, "accounts": Permission.SEE_ACCOUNTS}
SPELLED_OUT = 5_000  # rows that a selection takes from several filters
_FIELDS = ("account_id", "list_name", "everything", "filter", "shown_filter", "changed_at")
# Made once, and of columns: the lists ask at each draw.
_OF_VIEW = tuple(col(getattr(Selection, name)) for name in ("id", "list_name", "everything", "filter", "shown_filter"))
_MINE = (col(Selection.account_id) == sa.bindparam("whose"), col(Selection.list_name) == sa.bindparam("list"))
_VIEW = sa.select(*_OF_VIEW).where(*_MINE)
_SHOW = sa.update(metadata.tables["selection"]).where(*_MINE).returning(*_OF_VIEW)
_SHOW = _SHOW.values(shown_filter=sa.bindparam("asked"), changed_at=sa.bindparam("now"))
_ITEMS = sa.select(col(SelectionItem.row_id)).where(col(SelectionItem.selection_id) == sa.bindparam("selection"))


@dataclass(frozen=True)
class SelectionView:
    """A selection as a page needs it. `items` are the rows ticked, or with `everything` the rows taken out.

    `id` is None until the first Search or tick.
    """

    id: int | None
    list_name: ListName
    everything: bool
    filter: dict[str, Any]
    shown_filter: dict[str, Any]
    items: frozenset[int]


def current(db: Session, actor: Actor, *, list_name: ListName) -> SelectionView:
    """The actor's selection on a list; looking makes none."""
    actor.require(_PERMISSION[list_name])
    row = db.execute(_VIEW, {"whose": _account(actor), "list": list_name}).first()
    return _view(db, row) if row else SelectionView(None, list_name, False, {}, {}, frozenset())


def show(db: Session, actor: Actor, *, list_name: ListName, filter: StudentFilter | AccountFilter) -> SelectionView:
    """Remember what the latest Search asked; what is chosen stays chosen."""
    actor.require(_PERMISSION[list_name])
    asked = {"whose": _account(actor), "list": list_name, "asked": filter.as_json(), "now": clock.now()}
    row = db.connection().execute(_SHOW, asked).first()
    if row is None:
        held(db, actor, list_name)
        row = db.connection().execute(_SHOW, asked).one()
    return _view(db, row)


def tick(
    db: Session,
    actor: Actor,
    *,
    list_name: ListName,
    on: Collection[int],
    off: Collection[int] = (),
    filter: StudentFilter | AccountFilter | None = None,
) -> None:
    """Tick these rows and untick those; all others keep what they had, also what another tab did to them.

    `filter`: what the list shows in which this was done. "Everything that matches" one filter cannot take in rows of
    another one: then it turns into the rows it meant.
    """
    row = _row(db, actor, list_name)
    if row.everything and (filter is None or row.filter != filter.as_json()):
        _spell_out(db, actor, row)
    items, ticked = col(SelectionItem.selection_id) == row.id, set(on)
    unticked = set(off) - ticked
    db.execute(sa.delete(SelectionItem).where(items, col(SelectionItem.row_id).in_(ticked | unticked)))
    row.changed_at = clock.now()
    db.add(row)
    add(db, row, unticked if row.everything else ticked)


def everything(db: Session, actor: Actor, *, list_name: ListName, filter: StudentFilter | AccountFilter) -> int:
    """Choose all that match the filter, now and when it is resolved, beside what is chosen already.

    Rows outside the filter, and a filter that asks for a selection itself, cannot be kept as a filter: then the rows
    are meant that match now. Where that would be too many, the rows outside are dropped: gives how many those are.
    """
    row, asked = _row(db, actor, list_name), filter.as_json()
    others = set() if filter.selected is not None else _outside(db, actor, row, asked)
    spelled = asks_for_a_selection(filter)
    if others or spelled:
        matching = selection_rows.matching(db, actor, list_name, asked)
        meant = others.union(db.scalars(matching if spelled else matching.limit(SPELLED_OUT + 1)))
        if spelled or len(meant) <= SPELLED_OUT:
            replace(db, row, everything=False, filter={}, items=meant)
            return 0
    replace(db, row, everything=True, filter=asked, items=())
    return len(others)


def clear(db: Session, actor: Actor, *, list_name: ListName) -> None:
    """Choose nobody."""
    replace(db, _row(db, actor, list_name), everything=False, filter={}, items=())


def held(db: Session, actor: Actor, name: str) -> Selection:
    """The actor's row, made where there is none, and held: two tabs that tick at once wait for each other."""
    mine = select(Selection).where(Selection.account_id == _account(actor), Selection.list_name == name)
    held = mine.with_for_update().execution_options(populate_existing=True)
    row = db.exec(held).first()
    if row is not None:
        return row
    new = Selection(account_id=_account(actor), list_name=name, changed_at=clock.now())
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    made = insert(Selection).values(**{field: getattr(new, field) for field in _FIELDS})
    db.execute(made.on_conflict_do_nothing(index_elements=["account_id", "list_name"]))
    return db.exec(held).one()


def replace(db: Session, row: Selection, *, everything: bool, filter: dict[str, Any], items: Collection[int]) -> None:
    """It means these rows from now on, or all that match the filter but these."""
    db.execute(sa.delete(SelectionItem).where(col(SelectionItem.selection_id) == row.id))
    row.everything, row.filter, row.changed_at = everything, filter, clock.now()
    db.add(row)
    add(db, row, items)


def add(db: Session, row: Selection, items: Collection[int]) -> None:
    """These rows as well; none of them stands there yet."""
    if items:
        db.execute(sa.insert(SelectionItem), [{"selection_id": row.id, "row_id": row_id} for row_id in items])


def asks_for_a_selection(filter: StudentFilter | AccountFilter) -> bool:
    """Whether what matches depends on what is ticked, here or in the other list, or on what a check was asked."""
    asked = (filter.selected, getattr(filter, "guardians_of_selected", None))
    return bool(filter.of_check) or any(answer is not None for answer in asked)


def id_of(row: Selection) -> int:
    """Its number."""
    assert row.id is not None  # noqa: S101  (stored rows have one)
    return row.id


def _account(actor: Actor) -> int:
    if actor.account_id is None:
        raise NotFound("Only a signed-in account keeps a selection.")
    return actor.account_id


def _row(db: Session, actor: Actor, list_name: ListName) -> Selection:
    actor.require(_PERMISSION[list_name])
    return held(db, actor, list_name)


def _view(db: Session, row: Any) -> SelectionView:
    items = frozenset(db.execute(_ITEMS, {"selection": row.id}).scalars())
    name: ListName = "students" if row.list_name == "students" else "accounts"
    return SelectionView(row.id, name, row.everything, row.filter, row.shown_filter, items)


def _outside(db: Session, actor: Actor, row: Selection, asked: dict[str, Any]) -> set[int]:
    """The chosen rows that the filter does not show."""
    if row.everything and row.filter == asked:
        return set()
    chosen = selection_rows.row_ids(db, actor, selection_id=id_of(row))
    shown = selection_rows.matching(db, actor, row.list_name, asked)
    return set(db.scalars(chosen.where(chosen.selected_columns[0].not_in(shown))))


def _spell_out(db: Session, actor: Actor, row: Selection) -> None:
    meant = list(db.scalars(selection_rows.row_ids(db, actor, selection_id=id_of(row))))
    replace(db, row, everything=False, filter={}, items=meant)
