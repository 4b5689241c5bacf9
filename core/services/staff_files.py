"""The list of staff as a file: a row for each role that somebody holds (R70). Taking it is audited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.documents.papers import Sheet
from core.documents.sheet_files import SheetFile
from core.errors import InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.exports import Cell, FileFormat
from core.services import audit
from core.tables import freshness, school, staff
from core.tables.account_roles import Held
from core.tables.filters import Page

KINDS = {"staff-csv": FileFormat.CSV, "staff-csv-plain": FileFormat.CSV, "staff-xlsx": FileFormat.XLSX}
HEADER = (
    *("Last name", "First name", "Username", "User type", "Active", "Last login"),
    *("Role", "Period", "For whom", "From", "Until"),
)
AT_ONCE = 1_000
NO_ROLE: tuple[Cell, ...] = ("None: cannot sign in", "", "", None, None)


def prepare(db: Session, actor: Actor, *, kind: str, text: str = "") -> SheetFile:
    """Those whom the page finds with this text; the audit says who took them, and how many accounts they are."""
    actor.require(Permission.MANAGE_ROLES)
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    number = staff.count(db, actor, text=text)
    if not number:
        raise InputProblem("Nobody of the staff matches, so the file would be empty. Search for something else.")
    freshness.require_above(db, actor, people=number)
    zone = ZoneInfo(school.settings(db).time_zone)
    pages = [staff.page(db, actor, text=text, page=page) for page in _pages(number)]
    rows = [[row for line in found.itertuples() for row in _rows(line, zone)] for found in pages]
    sheet = Sheet.of(KINDS[kind], HEADER, rows, marked=not kind.endswith("-plain"))
    details = {"kind": kind, "list": "Staff and roles", "count": number}
    people = [int(person_id) for found in pages for person_id in found["person_id"]]
    audit.record(db, actor, action="list.exported", details=details, people=people)
    return SheetFile(f"Staff and roles {clock.now().astimezone(zone):%Y-%m-%d}.{KINDS[kind]}", sheet)


def _pages(number: int) -> Iterator[Page]:
    return (Page(place, size=AT_ONCE) for place in range(1, -(-number // AT_ONCE) + 1))


def _rows(line: Any, zone: ZoneInfo) -> Iterator[tuple[Cell, ...]]:
    """Who it is, once for each role; who holds none stands there too."""
    who = (
        line.last_name,
        line.first_name,
        line.username,
        words.USER_TYPE[line.user_type],
        "Yes" if line.deactivated_at is None else "No",
        line.last_sign_in_at and line.last_sign_in_at.astimezone(zone),
    )
    return ((*who, *cells) for cells in ([_role(held) for held in line.roles] or [NO_ROLE]))


def _role(held: Held) -> tuple[Cell, ...]:
    return words.ROLE[held.role], held.period or "Every period", held.whom, held.starts_on, held.ends_on
