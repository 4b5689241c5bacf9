"""The two lists as files: the columns and the order on screen, the selection or all that the filter shows (R70).

Reading is audited with counts; the file is written in a process of its own, when the transaction is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock, database
from core.documents.papers import Sheet
from core.documents.sheet_files import SheetFile
from core.errors import InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules.exports import Cell, FileFormat
from core.services import audit
from core.tables import accounts, freshness, issued, list_columns, people, school, selection_rows, students
from core.tables.filters import AccountFilter, Page, StudentFilter
from core.tables.frames import Columns
from core.tables.list_columns import ListColumn
from core.tables.selection_rows import RowScope

KINDS = {
    "list-xlsx": (FileFormat.XLSX, True),
    "list-csv": (FileFormat.CSV, True),
    "list-csv-plain": (FileFormat.CSV, False),
}
AT_ONCE, MOST = 5_000, 1_000_000


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
class Read:
    """A list that is read while it is written, and not yet audited. `slices`: rows, while the transaction lasts.

    `ids` are those of the rows: of persons, or of accounts.
    """

    name: str
    kind: str
    listed: _List
    ids: Sequence[int]
    columns: Mapping[str, ListColumn]
    slices: Iterator[list[tuple[Cell, ...]]]

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.title for column in self.columns.values())


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
) -> SheetFile:
    """Read the rows, and write to the audit that it was done.

    Refuses with Conflict and the new number when the list is not as long as the person saw it, and when it is empty.
    """
    check(db, actor, kind=kind, selection_id=selection_id, scope=scope, expected=expected, columns=columns)
    found = read(db, actor, kind=kind, selection_id=selection_id, scope=scope, columns=columns, order=order)
    file_format, marked = KINDS[kind]
    sheet = Sheet.of(file_format, found.header, found.slices, marked=marked)
    note(db, actor, found, selection_id=selection_id, count=expected)
    return SheetFile(found.name, sheet)


def check(
    db: Session,
    actor: Actor,
    *,
    kind: str,
    selection_id: int,
    scope: RowScope,
    expected: int,
    columns: Sequence[str],
) -> str:
    """Refuse whom it is not for, and what `prepare` refuses; gives the title."""
    actor.require(Permission.PRINT_REPORTS)
    listed = _LISTS.get(selection_rows.list_of(db, actor, selection_id=selection_id))
    if kind not in KINDS or listed is None:
        raise NotFound("There is no such file.")
    selection_rows.require_size(db, actor, selection_id=selection_id, scope=scope, expected=expected)
    freshness.require_above(db, actor, people=expected)
    _columns(actor, listed.columns, columns)
    return listed.title


def read(
    db: Session, actor: Actor, *, kind: str, selection_id: int, scope: RowScope, columns: Sequence[str], order: Order
) -> Read:
    """The rows, a slice at a time. Only reads, so a long list holds up nobody who writes; `note` must follow."""
    actor.require(Permission.PRINT_REPORTS)
    listed = _LISTS[selection_rows.list_of(db, actor, selection_id=selection_id)]
    wanted, zone = _columns(actor, listed.columns, columns), ZoneInfo(school.settings(db).time_zone)
    ids = _ids(db, actor, listed, selection_id, scope, order)
    slices = (_cells(part, wanted.values(), zone) for part in _read(db, actor, listed, ids, wanted))
    name = f"{listed.title} {clock.now().astimezone(zone):%Y-%m-%d}.{KINDS[kind][0]}"
    return Read(name, kind, listed, ids, wanted, slices)


def note(db: Session, actor: Actor, found: Read, *, selection_id: int, count: int) -> None:
    """Write to the audit who took how many rows, and which columns."""
    details = {"kind": found.kind, "list": found.listed.title, "count": count, "columns": sorted(found.columns)}
    audit.record(
        db,
        actor,
        action="list.exported",
        object_kind="selection",
        object_id=selection_id,
        details=details,
        people=found.ids if found.listed.of_people else people.of_accounts(db, found.ids),
    )


def _columns(actor: Actor, known: Mapping[str, ListColumn], asked: Sequence[str]) -> dict[str, ListColumn]:
    """Those asked for that the actor's role may see, in their order."""
    may = {name: column for name, column in known.items() if column.needs is None or actor.may(column.needs)}
    wanted = {name: may[name] for name in asked if name in may}
    if not wanted:
        raise InputProblem("No column is chosen. Choose columns in the list, then export it.")
    return wanted


def _ids(db: Session, actor: Actor, listed: _List, selection_id: int, scope: RowScope, order: Order) -> Sequence[int]:
    """The rows in the order of the list."""
    page = Page(1, order.sort if order.sort in listed.table.SORTS else "name", order.descending, MOST)
    if scope == "shown":
        asked = listed.filter.from_json(selection_rows.shown_filter(db, actor, selection_id=selection_id))
        return list(listed.table.ids(db, actor, filter=asked, page=page))
    if not selection_rows.stands_beside(db, actor, selection_id=selection_id):
        return list(listed.table.ids(db, actor, filter=listed.filter(selected=True), page=page))
    chosen = frozenset(db.scalars(selection_rows.row_ids(db, actor, selection_id=selection_id)))
    return [row_id for row_id in listed.table.ids(db, actor, filter=listed.filter(), page=page) if row_id in chosen]


def _read(
    db: Session, actor: Actor, listed: _List, ids: Sequence[int], wanted: Mapping[str, ListColumn]
) -> Iterator[Columns]:
    """Five thousand rows at a time, so that few are held at once."""
    names = {name for column in wanted.values() for name in column.names}
    for part in database.slices(ids, AT_ONCE):
        found: Columns = listed.table.cells(db, actor, ids=part, names=names)
        yield {**found, **issued.of_accounts(db, part)} if issued.COLUMNS & names else found


def _cells(part: Columns, wanted: Iterable[ListColumn], zone: ZoneInfo) -> list[tuple[Cell, ...]]:
    shown = (_local(column.cells(part), zone) if column.is_moment else column.cells(part) for column in wanted)
    return list(zip(*shown, strict=True))


def _local(moments: list[datetime | None], zone: ZoneInfo) -> list[Cell]:
    return [moment.astimezone(zone) if moment else None for moment in moments]
