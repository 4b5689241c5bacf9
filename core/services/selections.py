"""Which rows of a list an account has chosen: stored, so that it outlives filter, page and refresh."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from core import clock
from core.errors import Conflict, InputProblem, NotFound
from core.models import Account, Selection, SelectionItem
from core.permissions import Actor, Permission
from core.tables import accounts, chosen, students
from core.tables.filters import AccountFilter, StudentFilter

ListName = Literal["students", "accounts"]
RowScope = Literal["selected", "shown"]
_PERMISSION: dict[ListName, Permission] = {"students": Permission.SEE_STUDENTS, "accounts": Permission.SEE_ACCOUNTS}
SPELLED_OUT = 5_000  # rows that a selection takes from several filters
_PEOPLE = "people"  # the selection of those something was just done to
_OF_PEOPLE = ("students", _PEOPLE)
_FOR = chosen.FOR
_FIELDS = ("account_id", "list_name", "everything", "filter", "shown_filter", "changed_at")


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
    row = _mine(db, actor, list_name)
    return _view(db, row) if row else SelectionView(None, list_name, False, {}, {}, frozenset())


def show(db: Session, actor: Actor, *, list_name: ListName, filter: StudentFilter | AccountFilter) -> SelectionView:
    """Remember what the latest Search asked; what is chosen stays chosen."""
    row = _row(db, actor, list_name)
    row.shown_filter, row.changed_at = filter.as_json(), clock.now()
    db.add(row)
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
    _add(db, row, unticked if row.everything else ticked)


def everything(db: Session, actor: Actor, *, list_name: ListName, filter: StudentFilter | AccountFilter) -> int:
    """Choose all that match the filter, now and when it is resolved, beside what is chosen already.

    Rows outside the filter, and a filter that asks for a selection itself, cannot be kept as a filter: then the rows
    are meant that match now. Where that would be too many, the rows outside are dropped: gives how many those are.
    """
    row, asked = _row(db, actor, list_name), filter.as_json()
    others = set() if filter.selected is not None else _outside(db, actor, row, asked)
    spelled = _asks_for_a_selection(filter)
    if others or spelled:
        matching = _matching(db, actor, list_name, asked)
        meant = others.union(db.scalars(matching if spelled else matching.limit(SPELLED_OUT + 1)))
        if spelled or len(meant) <= SPELLED_OUT:
            _replace(db, row, everything=False, filter={}, items=meant)
            return 0
    _replace(db, row, everything=True, filter=asked, items=())
    return len(others)


def clear(db: Session, actor: Actor, *, list_name: ListName) -> None:
    """Choose nobody."""
    _replace(db, _row(db, actor, list_name), everything=False, filter={}, items=())


def of_one(db: Session, actor: Actor, *, account_id: int) -> int:
    """A selection of one account, beside those of the lists; gives its id. The same account gives the same one."""
    actor.require(Permission.SEE_ACCOUNTS)
    row = _held(db, actor, f"account {account_id}")
    chosen = select(SelectionItem).where(SelectionItem.selection_id == row.id)
    if db.exec(chosen).first() is None:
        _add(db, row, (account_id,))
    return _id(row)


def of_campaign(db: Session, actor: Actor, *, account_ids: Collection[int]) -> int:
    """A selection for what follows from a campaign, beside those of the lists; gives its id. There is one of them."""
    actor.require(Permission.SEND)
    mine = select(Selection).where(Selection.account_id == _account(actor), Selection.list_name == "campaign")
    row = db.exec(mine).first()
    if row is None:
        row = Selection(account_id=_account(actor), list_name="campaign", changed_at=clock.now())
        db.add(row)
        db.flush()
    _replace(db, row, everything=False, filter={}, items=account_ids)
    return _id(row)


def of_people(db: Session, actor: Actor, *, person_ids: Collection[int]) -> int:
    """A selection of the people something was just done to, beside those of the lists. There is one of them."""
    actor.require(Permission.SEE_STUDENTS)
    row = _held(db, actor, _PEOPLE)
    _replace(db, row, everything=False, filter={}, items=person_ids)
    return _id(row)


def of_students(db: Session, actor: Actor, *, filter: StudentFilter) -> int:
    """What the Reports page is about, shown without a list; gives its id. There is one of them."""
    actor.require(Permission.SEE_STUDENTS)
    row = _held(db, actor, f"students{_FOR}reports")
    row.shown_filter, row.changed_at = filter.as_json(), clock.now()
    db.add(row)
    return _id(row)


def of_check(db: Session, actor: Actor, *, list_name: ListName, rows: Collection[int]) -> ListName:
    """The rows that a list shows when it is asked for `of_check`, one such set for each list; gives the list."""
    actor.require(Permission.SEND)
    _replace(db, _held(db, actor, chosen.of_check(list_name)), everything=False, filter={}, items=rows)
    return list_name


def frozen(db: Session, actor: Actor, *, selection_id: int, scope: RowScope) -> tuple[int, RowScope]:
    """A copy that later ticks and searches leave alone, for a file that is made later: its id, and its scope.

    A filter that asks for a selection itself would follow it: then the rows are meant that match now.
    """
    row = _owned(db, actor, selection_id)
    copy = _held(db, actor, f"{row.list_name}{_FOR}{secrets.token_hex(8)}")
    if scope == "shown" and _follows_a_selection(row):
        _replace(db, copy, everything=False, filter={}, items=list(db.scalars(_rows(db, actor, selection_id, scope))))
        return _id(copy), "selected"
    ticked = select(SelectionItem.row_id).where(SelectionItem.selection_id == row.id)
    _replace(db, copy, everything=row.everything, filter=row.filter, items=list(db.scalars(ticked)))
    copy.shown_filter = {} if _follows_a_selection(row) else row.shown_filter
    return _id(copy), scope


def forget(db: Session, *, selection_ids: Collection[int]) -> None:
    """Remove copies that nobody needs any more."""
    db.execute(sa.delete(SelectionItem).where(col(SelectionItem.selection_id).in_(selection_ids)))
    db.execute(sa.delete(Selection).where(col(Selection.id).in_(selection_ids)))


def list_of(db: Session, actor: Actor, *, selection_id: int) -> str:
    """The list that a selection was made in; another name for one that stands beside the lists."""
    return _list(_owned(db, actor, selection_id))


def stands_beside(db: Session, actor: Actor, *, selection_id: int) -> bool:
    """Whether it is none that a list shows."""
    name = _owned(db, actor, selection_id).list_name
    return name not in _PERMISSION


def is_of_people(db: Session, actor: Actor, *, selection_id: int) -> bool:
    """Whether its rows are people; else they are accounts."""
    return _list(_owned(db, actor, selection_id)) in _OF_PEOPLE


def row_ids(db: Session, actor: Actor, *, selection_id: int) -> sa.Select[Any]:
    """The rows it means now."""
    return _rows(db, actor, selection_id, "selected")


def shown_filter(db: Session, actor: Actor, *, selection_id: int) -> dict[str, Any]:
    """The filter on screen, as it is stored."""
    return dict(_owned(db, actor, selection_id).shown_filter)


def size(db: Session, actor: Actor, *, selection_id: int, scope: RowScope = "selected") -> int:
    """How many rows it means now, within the actor's scope."""
    return _count(db, _rows(db, actor, selection_id, scope))


def require_size(db: Session, actor: Actor, *, selection_id: int, scope: RowScope, expected: int) -> None:
    """Refuse what is empty, and with the new number what is no longer as long as the person saw it (R64)."""
    size_now = size(db, actor, selection_id=selection_id, scope=scope)
    if not size_now:
        raise InputProblem("Nobody matches, so the file would be empty. Choose people in the list, then try again.")
    if size_now != expected:
        raise Conflict(
            f"The list has changed: it now has {size_now:,} entries, not {expected:,}. "
            "Go back, look at the list, and try again."
        )


def sizes(db: Session, actor: Actor, *, selection_id: int) -> tuple[int, int]:
    """How many rows it means now, and how many of these the filter on screen does not show."""
    chosen, row = size(db, actor, selection_id=selection_id), _owned(db, actor, selection_id)
    if row.everything and row.filter == row.shown_filter:
        return chosen, 0
    shown = _rows(db, actor, selection_id, "shown")
    # Of few that are ticked, only those are looked at.
    meant = _rows(db, actor, selection_id, "selected") if row.everything else _items(row)
    return chosen, chosen - _count(db, shown.where(shown.selected_columns[0].in_(meant)))


def among(db: Session, actor: Actor, *, selection_id: int, row_ids: Collection[int]) -> frozenset[int]:
    """Which of these rows are chosen."""
    chosen = _rows(db, actor, selection_id, "selected")
    return frozenset(db.scalars(chosen.where(chosen.selected_columns[0].in_(row_ids))))


def person_ids(db: Session, actor: Actor, *, selection_id: int, scope: RowScope = "selected") -> sa.Select[Any]:
    """The people it means now."""
    rows = _rows(db, actor, selection_id, scope)
    if _list(_owned(db, actor, selection_id)) in _OF_PEOPLE:
        return rows
    return sa.select(col(Account.person_id)).where(col(Account.id).in_(rows))


def account_ids(db: Session, actor: Actor, *, selection_id: int, scope: RowScope = "selected") -> sa.Select[Any]:
    """The accounts it means now; chosen people without an account are not among them."""
    rows = _rows(db, actor, selection_id, scope)
    if _list(_owned(db, actor, selection_id)) not in _OF_PEOPLE:
        return rows
    return sa.select(col(Account.id)).where(col(Account.person_id).in_(rows))


def _rows(db: Session, actor: Actor, selection_id: int, scope: RowScope) -> sa.Select[Any]:
    row = _owned(db, actor, selection_id)
    if scope == "shown":
        return _matching(db, actor, _list(row), row.shown_filter)
    items = _items(row)
    within = _matching(db, actor, _list(row), row.filter if row.everything else {})
    key = within.selected_columns[0]
    return within.where(key.not_in(items) if row.everything else key.in_(items))


def _items(row: Selection) -> sa.Select[Any]:
    return sa.select(col(SelectionItem.row_id)).where(col(SelectionItem.selection_id) == row.id)


def _matching(db: Session, actor: Actor, list_name: str, asked: dict[str, Any]) -> sa.Select[Any]:
    if list_name in _OF_PEOPLE:
        return students.matching(db, actor, filter=StudentFilter.from_json(asked))
    return accounts.matching(db, actor, filter=AccountFilter.from_json(asked))


def _owned(db: Session, actor: Actor, selection_id: int) -> Selection:
    row = db.get(Selection, selection_id)
    if row is None or row.account_id != actor.account_id:
        raise NotFound("This selection is not there any more. Go back to the list and choose again.")
    return row


def _row(db: Session, actor: Actor, list_name: ListName) -> Selection:
    actor.require(_PERMISSION[list_name])
    return _held(db, actor, list_name)


def _held(db: Session, actor: Actor, name: str) -> Selection:
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


def _mine(db: Session, actor: Actor, list_name: ListName) -> Selection | None:
    actor.require(_PERMISSION[list_name])
    mine = select(Selection).where(Selection.account_id == _account(actor), Selection.list_name == list_name)
    return db.exec(mine).first()


def _account(actor: Actor) -> int:
    if actor.account_id is None:
        raise NotFound("Only a signed-in account keeps a selection.")
    return actor.account_id


def _view(db: Session, row: Selection) -> SelectionView:
    items = frozenset(db.scalars(select(SelectionItem.row_id).where(SelectionItem.selection_id == row.id)))
    name: ListName = "students" if row.list_name == "students" else "accounts"
    return SelectionView(row.id, name, row.everything, row.filter, row.shown_filter, items)


def _outside(db: Session, actor: Actor, row: Selection, asked: dict[str, Any]) -> set[int]:
    """The chosen rows that the filter does not show."""
    if row.everything and row.filter == asked:
        return set()
    chosen = _rows(db, actor, _id(row), "selected")
    return set(db.scalars(chosen.where(chosen.selected_columns[0].not_in(_matching(db, actor, row.list_name, asked)))))


def _asks_for_a_selection(filter: StudentFilter | AccountFilter) -> bool:
    """Whether what matches depends on what is ticked, here or in the other list, or on what a check was asked."""
    asked = (filter.selected, getattr(filter, "guardians_of_selected", None))
    return bool(filter.of_check) or any(answer is not None for answer in asked)


def _follows_a_selection(row: Selection) -> bool:
    kind = StudentFilter if _list(row) in _OF_PEOPLE else AccountFilter
    return _asks_for_a_selection(kind.from_json(row.shown_filter))


def _list(row: Selection) -> str:
    return row.list_name.partition(_FOR)[0]


def _spell_out(db: Session, actor: Actor, row: Selection) -> None:
    meant = list(db.scalars(_rows(db, actor, _id(row), "selected")))
    _replace(db, row, everything=False, filter={}, items=meant)


def _replace(db: Session, row: Selection, *, everything: bool, filter: dict[str, Any], items: Collection[int]) -> None:
    db.execute(sa.delete(SelectionItem).where(col(SelectionItem.selection_id) == row.id))
    row.everything, row.filter, row.changed_at = everything, filter, clock.now()
    db.add(row)
    _add(db, row, items)


def _add(db: Session, row: Selection, items: Collection[int]) -> None:
    if items:
        db.execute(sa.insert(SelectionItem), [{"selection_id": row.id, "row_id": row_id} for row_id in items])


def _count(db: Session, rows: sa.Select[Any]) -> int:
    return db.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0


def _id(row: Selection) -> int:
    assert row.id is not None  # noqa: S101  (stored rows have one)
    return row.id
