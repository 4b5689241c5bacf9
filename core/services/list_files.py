"""The two lists as files: the columns and the order on screen, the selection or all that the filter shows (R70).

Reading is audited with counts; the file is written in a process of its own, when the transaction is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlmodel import Session

from core import clock, database
from core.documents import press
from core.documents.papers import Sheet
from core.errors import InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules import exports
from core.rules.exports import Cell, FileFormat
from core.services import audit, selections
from core.services.selections import RowScope
from core.tables import accounts, issued, list_columns, people, school, students
from core.tables.filters import AccountFilter, Page, StudentFilter
from core.tables.list_columns import ListColumn

KINDS = {
    "list-xlsx": (FileFormat.XLSX, True),
    "list-csv": (FileFormat.CSV, True),
    "list-csv-plain": (FileFormat.CSV, False),
}
AT_ONCE, MOST = 2_000, 1_000_000


@dataclass(frozen=True)
class _List:
    """What is particular to one of the two. `table` finds the ids and reads the rows of either.

    `of_people`: the ids are those of persons, not of accounts.
    """

    title: str
    columns: Mapping[str, ListColumn]
    filter: type[StudentFilter] | type[AccountFilter]
    table: ModuleType
    of_people: bool


_LISTS = {
    "students": _List("Students List", list_columns.STUDENTS, StudentFilter, students, of_people=True),
    "accounts": _List("User Accounts", list_columns.ACCOUNTS, AccountFilter, accounts, of_people=False),
}


@dataclass(frozen=True)
class Order:
    """What stands in the list before what; an order that the actor may not see by is the one by name."""

    sort: str = "name"
    descending: bool = False


@dataclass(frozen=True)
class Prepared:
    """A list that may be written: checked, read and audited."""

    name: str
    sheet: Sheet

    @property
    def media_type(self) -> str:
        return exports.MEDIA_TYPES[self.sheet.file_format]

    def content(self) -> bytes:
        """The file."""
        return press.draw(self.sheet)


def prepare(
    db: Session,
    actor: Actor,
    *,
    kind: str,
    selection_id: int,
    scope: RowScope,
    expected: int,
    columns: Sequence[str],
    order: Order,
) -> Prepared:
    """Read the rows, and write to the audit that it was done.

    Refuses with Conflict and the new number when the list is not as long as the person saw it, and when it is empty.
    """
    actor.require(Permission.PRINT_REPORTS)
    listed = _LISTS.get(selections.list_of(db, actor, selection_id=selection_id))
    if kind not in KINDS or listed is None:
        raise NotFound("There is no such file.")
    selections.require_size(db, actor, selection_id=selection_id, scope=scope, expected=expected)
    wanted = _columns(actor, listed.columns, columns)
    (file_format, marked), zone = KINDS[kind], ZoneInfo(school.settings(db).time_zone)
    asked = listed.filter(selected=True)
    if scope == "shown":
        asked = listed.filter.from_json(selections.shown_filter(db, actor, selection_id=selection_id))
    ids = _ids(db, actor, listed, asked, order)
    slices = (_cells(part, wanted.values(), zone) for part in _read(db, actor, listed, ids, wanted))
    sheet = Sheet.of(file_format, [column.title for column in wanted.values()], slices, marked=marked)
    details = {"kind": kind, "list": listed.title, "count": expected, "columns": sorted(wanted)}
    audit.record(
        db,
        actor,
        action="list.exported",
        object_kind="selection",
        object_id=selection_id,
        details=details,
        people=ids if listed.of_people else people.of_accounts(db, ids),
    )
    return Prepared(f"{listed.title} {clock.now().astimezone(zone):%Y-%m-%d}.{file_format}", sheet)


def _columns(actor: Actor, known: Mapping[str, ListColumn], asked: Sequence[str]) -> dict[str, ListColumn]:
    """Those asked for that the actor's role may see, in their order."""
    may = {name: column for name, column in known.items() if column.needs is None or actor.may(column.needs)}
    wanted = {name: may[name] for name in asked if name in may}
    if not wanted:
        raise InputProblem("No column is chosen. Choose columns in the list, then export it.")
    return wanted


def _ids(db: Session, actor: Actor, listed: _List, asked: StudentFilter | AccountFilter, order: Order) -> Sequence[int]:
    page = Page(1, order.sort if order.sort in listed.table.SORTS else "name", order.descending, MOST)
    found: Sequence[int] = listed.table.ids(db, actor, filter=asked, page=page)
    return found


def _read(
    db: Session, actor: Actor, listed: _List, ids: Sequence[int], wanted: Mapping[str, ListColumn]
) -> Iterator[pd.DataFrame]:
    """Two thousand rows at a time, so that few are held at once."""
    for part in database.slices(ids, AT_ONCE):
        found = listed.table.rows(db, actor, ids=part)
        yield found.assign(**issued.of_accounts(db, part)) if issued.COLUMNS & set(wanted) else found


def _cells(part: pd.DataFrame, wanted: Iterable[ListColumn], zone: ZoneInfo) -> list[tuple[Cell, ...]]:
    return list(zip(*(_local(column.cells(part), zone) for column in wanted), strict=True))


def _local(cells: list[Any], zone: ZoneInfo) -> list[Cell]:
    return [cell.astimezone(zone) if isinstance(cell, datetime) else cell for cell in cells]
