"""What a stored selection means now: its rows, its people, its accounts, and how many."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session, col

from core.errors import Conflict, InputProblem, NotFound
from core.models import Account, Person, Selection, SelectionItem
from core.permissions import Actor
from core.tables import accounts, chosen, counting, some_names, students
from core.tables.filters import AccountFilter, StudentFilter

RowScope = Literal["selected", "shown"]
LISTS = ("students", "accounts")
PEOPLE = "people"  # the selection of those something was just done to
OF_PEOPLE = ("students", PEOPLE)


def row_ids(db: Session, actor: Actor, *, selection_id: int, scope: RowScope = "selected") -> sa.Select[Any]:
    """The rows it means now, or those that the filter on screen shows."""
    row = owned(db, actor, selection_id)
    if scope == "shown":
        return matching(db, actor, list_name_of(row), row.shown_filter)
    items = _items(row)
    within = matching(db, actor, list_name_of(row), row.filter if row.everything else {})
    key = within.selected_columns[0]
    return within.where(key.not_in(items) if row.everything else key.in_(items))


def list_of(db: Session, actor: Actor, *, selection_id: int) -> str:
    """The list that a selection was made in; another name for one that stands beside the lists."""
    return list_name_of(owned(db, actor, selection_id))


def stands_beside(db: Session, actor: Actor, *, selection_id: int) -> bool:
    """Whether it is none that a list shows."""
    name = owned(db, actor, selection_id).list_name
    return name not in LISTS


def is_of_people(db: Session, actor: Actor, *, selection_id: int) -> bool:
    """Whether its rows are people; else they are accounts."""
    return list_name_of(owned(db, actor, selection_id)) in OF_PEOPLE


def shown_filter(db: Session, actor: Actor, *, selection_id: int) -> dict[str, Any]:
    """The filter on screen, as it is stored."""
    return dict(owned(db, actor, selection_id).shown_filter)


def size(db: Session, actor: Actor, *, selection_id: int, scope: RowScope = "selected") -> int:
    """How many rows it means now, within the actor's scope."""
    row = owned(db, actor, selection_id)
    if scope == "selected" and row.everything:
        return _size_of_everything(db, actor, row, row.filter)
    return counting.rows(db, row_ids(db, actor, selection_id=selection_id, scope=scope))


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
    chosen, row = size(db, actor, selection_id=selection_id), owned(db, actor, selection_id)
    if row.everything and row.filter == row.shown_filter:
        return chosen, 0
    if row.everything and not row.filter:  # whoever is shown is meant, but for those taken out
        return chosen, chosen - _size_of_everything(db, actor, row, row.shown_filter)
    if row.shown_filter.get("selected") is False:
        return chosen, chosen
    if not row.everything and row.list_name in LISTS:  # as a filter of the list, which a roll may tell at once
        return chosen, chosen - _count(db, actor, row.list_name, {**row.shown_filter, "selected": True})
    shown = row_ids(db, actor, selection_id=selection_id, scope="shown")
    # Of few that are ticked, only those are looked at.
    meant = row_ids(db, actor, selection_id=selection_id) if row.everything else _items(row)
    return chosen, chosen - counting.rows(db, shown.where(shown.selected_columns[0].in_(meant)))


def among(db: Session, actor: Actor, *, selection_id: int, rows: Collection[int]) -> frozenset[int]:
    """Which of these rows are chosen."""
    chosen = row_ids(db, actor, selection_id=selection_id)
    return frozenset(db.scalars(chosen.where(chosen.selected_columns[0].in_(rows))))


def person_ids(db: Session, actor: Actor, *, selection_id: int, scope: RowScope = "selected") -> sa.Select[Any]:
    """The people it means now."""
    rows = row_ids(db, actor, selection_id=selection_id, scope=scope)
    if is_of_people(db, actor, selection_id=selection_id):
        return rows
    return sa.select(col(Account.person_id)).where(col(Account.id).in_(rows))


def account_ids(db: Session, actor: Actor, *, selection_id: int, scope: RowScope = "selected") -> sa.Select[Any]:
    """The accounts it means now; chosen people without an account are not among them."""
    rows = row_ids(db, actor, selection_id=selection_id, scope=scope)
    if not is_of_people(db, actor, selection_id=selection_id):
        return rows
    return rows.with_only_columns(col(Account.id)).where(col(Account.id).is_not(None))  # they stand beside the people


def without_account(db: Session, actor: Actor, *, selection_id: int) -> sa.Select[Any] | None:
    """The people it means now who have no account; None when its rows are accounts."""
    if not is_of_people(db, actor, selection_id=selection_id):
        return None
    return row_ids(db, actor, selection_id=selection_id).where(sa.not_(col(Person.has_account)))


def named_without_account(db: Session, actor: Actor, *, selection_id: int, reason: str) -> some_names.Names:
    """A few of them by name, under the reason for which an act on accounts leaves them out."""
    people = without_account(db, actor, selection_id=selection_id)
    if people is None:
        return {}
    named: Any = (col(Person.id), sa.literal(str(reason)).label("reason"))
    return some_names.by_reason(db, people.with_only_columns(*named))


def owned(db: Session, actor: Actor, selection_id: int) -> Selection:
    """The actor's own; anybody else's is not there for them. Raises NotFound."""
    row = db.get(Selection, selection_id)
    if row is None or row.account_id != actor.account_id:
        raise NotFound("This selection is not there any more. Go back to the list and choose again.")
    return row


def matching(db: Session, actor: Actor, list_name: str, asked: dict[str, Any]) -> sa.Select[Any]:
    """The rows of a list that match a stored filter."""
    if list_name in OF_PEOPLE:
        return students.matching(db, actor, filter=StudentFilter.from_json(asked))
    return accounts.matching(db, actor, filter=AccountFilter.from_json(asked))


def list_name_of(row: Selection) -> str:
    """Without what it stands beside the lists for."""
    return row.list_name.partition(chosen.FOR)[0]


def _size_of_everything(db: Session, actor: Actor, row: Selection, asked: dict[str, Any]) -> int:
    """How many match a filter, without those taken out: all are counted, the few are looked up and taken off."""
    taken_out = matching(db, actor, list_name_of(row), asked)
    taken_out = taken_out.where(taken_out.selected_columns[0].in_(_items(row)))
    return _count(db, actor, list_name_of(row), asked) - counting.rows(db, taken_out)


def _count(db: Session, actor: Actor, list_name: str, asked: dict[str, Any]) -> int:
    if list_name in OF_PEOPLE:
        return students.count(db, actor, filter=StudentFilter.from_json(asked))
    return accounts.count(db, actor, filter=AccountFilter.from_json(asked))


def _items(row: Selection) -> sa.Select[Any]:
    return sa.select(col(SelectionItem.row_id)).where(col(SelectionItem.selection_id) == row.id)
