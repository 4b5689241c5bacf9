"""The imports of the past, and what became of the files in the import folder, as files (R70). Taking one is audited."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.documents.papers import Sheet
from core.documents.sheet_files import SheetFile
from core.errors import InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules.exports import Cell, FileFormat
from core.rules.imports.intake import FORMAT_WORDS, Format
from core.services import audit
from core.tables import imports, school

_FORMATS = {"csv": FileFormat.CSV, "csv-plain": FileFormat.CSV, "xlsx": FileFormat.XLSX}
RUNS, FOLDER = "imports", "import-folder"
KINDS = {f"{listed}-{name}": file_format for listed in (RUNS, FOLDER) for name, file_format in _FORMATS.items()}
TITLES = {RUNS: "Imports", FOLDER: "Import folder"}
HEADERS = {
    RUNS: ("When", "By", "Files", "Format", "New", "Changed", "Unchanged", "Left", "Leaving undone on", "Came back"),
    FOLDER: ("When", "File", "Outcome", "Why", "Notes", "New", "Changed", "Left", "Came back"),
}
MOST = 200_000


def prepare(db: Session, actor: Actor, *, kind: str) -> SheetFile:
    """All of them, newest first; the audit says who took them, and how many."""
    actor.require(Permission.IMPORT)
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    zone, listed = ZoneInfo(school.settings(db).time_zone), FOLDER if kind.startswith(FOLDER) else RUNS
    rows = _runs(db, actor, zone) if listed == RUNS else _folder(db, actor, zone)
    if not rows:
        raise InputProblem("Nothing was imported yet, so the file would be empty.")
    sheet = Sheet.of(KINDS[kind], HEADERS[listed], [rows], marked=not kind.endswith("-plain"))
    audit.record(db, actor, action="list.exported", details={"kind": kind, "list": TITLES[listed], "rows": len(rows)})
    return SheetFile(f"{TITLES[listed]} {clock.now().astimezone(zone):%Y-%m-%d}.{KINDS[kind]}", sheet)


def _runs(db: Session, actor: Actor, zone: ZoneInfo) -> list[tuple[Cell, ...]]:
    return [
        (
            run.applied_at.astimezone(zone),
            run.applied_by,
            run.source,
            FORMAT_WORDS[Format(run.format)],
            *(run.created, run.changed, run.unchanged, run.left),
            run.leavers_undone_at and run.leavers_undone_at.astimezone(zone),
            run.returned,
        )
        for run in imports.runs(db, actor, limit=MOST)
    ]


def _folder(db: Session, actor: Actor, zone: ZoneInfo) -> list[tuple[Cell, ...]]:
    return [
        (
            one.at.astimezone(zone),
            one.name,
            "Refused" if one.refusal else "Imported" if one.is_new else "Known already",
            one.refusal,
            *(one.notes, one.created, one.changed, one.left, one.returned),
        )
        for one in imports.folder(db, actor, limit=MOST)
    ]
