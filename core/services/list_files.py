"""The two lists as files: the columns and the order on screen, the selection or all that the filter shows (R70).

Reading is audited with counts; the file is written in a process of its own, when the transaction is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlmodel import Session

from core import clock
from core.documents import press
from core.documents.papers import Sheet
from core.errors import Conflict, InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules import exports, list_columns
from core.rules.exports import Cell, FileFormat
from core.rules.list_columns import ListColumn
from core.services import audit, selections
from core.services.selections import RowScope
from core.tables import accounts, issued, school, students
from core.tables.filters import AccountFilter, Page, StudentFilter

KINDS = {
    "list-xlsx": (FileFormat.XLSX, True),
    "list-csv": (FileFormat.CSV, True),
    "list-csv-plain": (FileFormat.CSV, False),
}
TITLES = {"students": "Students List", "accounts": "User Accounts"}
COLUMNS = {"students": list_columns.STUDENTS, "accounts": list_columns.ACCOUNTS}
AT_ONCE, MOST = 2_000, 1_000_000
_ISSUED = {"invited_by", "initial_password"}


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


@dataclass(frozen=True)
class Order:
    """What stands in the list before what; an order that the actor may not see by is the one by name."""

    sort: str = "name"
    descending: bool = False


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
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    name = selections.list_of(db, actor, selection_id=selection_id)
    if name not in TITLES:
        raise NotFound("There is no such list.")
    _check_size(selections.size(db, actor, selection_id=selection_id, scope=scope), expected)
    wanted = _columns(actor, COLUMNS[name], columns)
    zone = ZoneInfo(school.settings(db).time_zone)
    read = _students if name == "students" else _accounts
    file_format, marked = KINDS[kind]
    slices = (_cells(part, wanted, zone) for part in read(db, actor, selection_id, scope, order, wanted))
    sheet = Sheet.of(file_format, [column.title for column in wanted.values()], slices, marked=marked)
    details = {"kind": kind, "list": name, "count": expected, "columns": sorted(wanted)}
    audit.record(db, actor, action="list.exported", object_kind="selection", object_id=selection_id, details=details)
    return Prepared(f"{TITLES[name]} {clock.now().astimezone(zone):%Y-%m-%d}.{file_format}", sheet)


def _check_size(size: int, expected: int) -> None:
    if not size:
        raise InputProblem("Nobody matches, so there is nothing to export. Change the filter or tick rows, then again.")
    if size != expected:
        raise Conflict(
            f"The list has changed: it now has {size:,} entries, not {expected:,}. Go back, look at it, and try again."
        )


def _columns(actor: Actor, known: Mapping[str, ListColumn], asked: Sequence[str]) -> dict[str, ListColumn]:
    """Those asked for that the actor's role may see, in their order."""
    may = {name: column for name, column in known.items() if column.needs is None or actor.may(column.needs)}
    wanted = {name: may[name] for name in asked if name in may}
    if not wanted:
        raise InputProblem("No column is chosen. Choose columns in the list, then export it.")
    return wanted


def _students(
    db: Session, actor: Actor, selection_id: int, scope: RowScope, order: Order, _wanted: Mapping[str, ListColumn]
) -> Iterator[pd.DataFrame]:
    asked = StudentFilter(selected=True)
    if scope == "shown":
        asked = StudentFilter.from_json(selections.shown_filter(db, actor, selection_id=selection_id))
    page = Page(1, order.sort if order.sort in students.SORTS else "name", order.descending, MOST)
    ids = students.ids(db, actor, filter=asked, page=page)
    for part in _parts(ids):
        yield students.rows(db, actor, ids=part)


def _accounts(
    db: Session, actor: Actor, selection_id: int, scope: RowScope, order: Order, wanted: Mapping[str, ListColumn]
) -> Iterator[pd.DataFrame]:
    asked = AccountFilter(selected=True)
    if scope == "shown":
        asked = AccountFilter.from_json(selections.shown_filter(db, actor, selection_id=selection_id))
    page = Page(1, order.sort if order.sort in accounts.SORTS else "name", order.descending, MOST)
    for part in _parts(accounts.ids(db, actor, filter=asked, page=page)):
        rows = accounts.rows(db, actor, ids=part)
        yield rows.assign(**issued.of_accounts(db, part)) if _ISSUED & set(wanted) else rows


def _parts(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _cells(part: pd.DataFrame, wanted: Mapping[str, ListColumn], zone: ZoneInfo) -> list[tuple[Cell, ...]]:
    part = part.assign(name=part["last_name"] + " " + part["first_name"])
    return list(zip(*(_column(part[column.source].tolist(), column, zone) for column in wanted.values()), strict=True))


def _column(values: list[Any], column: ListColumn, zone: ZoneInfo) -> list[Cell]:
    if column.cell is not list_columns.plain:
        said = {value: column.cell(value) for value in set(values)}
        return [said[value] for value in values]
    return [value.astimezone(zone) if isinstance(value, datetime) else value for value in values]
