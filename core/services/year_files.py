"""The academic years as a file, with the columns of the page (R70). Taking it is audited."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.documents.papers import Sheet
from core.documents.sheet_files import SheetFile
from core.errors import InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules.exports import FileFormat
from core.services import audit
from core.tables import school, years

KINDS = {"years-csv": FileFormat.CSV, "years-csv-plain": FileFormat.CSV, "years-xlsx": FileFormat.XLSX}
HEADER = ("Year", "Current", "Begins", "Ends", "Classes", "Students")


def prepare(db: Session, actor: Actor, *, kind: str) -> SheetFile:
    """All years, the latest first; the audit says who took them, and how many."""
    actor.require(Permission.MANAGE_PERIODS)
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    known = years.all_of_them(db)
    if not known:
        raise InputProblem("There is no academic year yet, so the file would be empty.")
    rows = [
        (year.title, "Yes" if year.is_current else "No", year.starts_on, year.ends_on, year.classes, year.students)
        for year in known
    ]
    sheet = Sheet.of(KINDS[kind], HEADER, [rows], marked=not kind.endswith("-plain"))
    audit.record(db, actor, action="list.exported", details={"kind": kind, "list": "Academic years", "rows": len(rows)})
    zone = ZoneInfo(school.settings(db).time_zone)
    return SheetFile(f"Academic years {clock.now().astimezone(zone):%Y-%m-%d}.{KINDS[kind]}", sheet)
