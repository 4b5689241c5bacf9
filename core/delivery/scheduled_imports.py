"""Imports of whatever lies in the import folder: checked like every other, applied whole or refused with a report."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from core import database
from core.delivery import alarms, import_folder
from core.delivery.import_folder import DONE, REFUSED, Found
from core.errors import AppError, Conflict, RowProblem
from core.models import ImportRun
from core.permissions import standing_order
from core.rules.alerts import AlertKind
from core.rules.imports import import_reports, reading
from core.rules.imports.intake import Format, Intake
from core.rules.spreadsheets import COMMAND_LINE_LIMITS, Upload
from core.services import folder_imports, imports
from core.services.alerts import Finding
from core.services.imports import Leave
from core.tables import school

ACTOR = standing_order("import folder")
_OUR_FAULT = (
    "Firstkey failed at this file several times, perhaps because its database was away. Put it into the folder once "
    "more. If it is refused again, import it on the page Imports and tell who looks after this machine."
)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Outcome:
    """What was applied; no run where it was the same file as before."""

    run: ImportRun | None
    problems: list[RowProblem]
    told: str


def run(found: Found) -> str:
    """Import the file if it is as it was when it was found; gives what became of it. Repeated, it finds that out."""
    if import_folder.look(found.name) != found:
        return "changed"
    digest, problems = "", list[RowProblem]()
    try:
        upload = import_folder.read(found)
        if import_folder.look(found.name) != found:
            return "changed"
        digest = imports.digest([upload])
        intake = reading.read(reading.sheets([upload], limits=COMMAND_LINE_LIMITS))
        problems = intake.problems
        outcome = _twice(upload, intake)
    except AppError as refusal:
        _refuse(found, digest, str(refusal), getattr(refusal, "problems", problems))
        return REFUSED
    import_folder.put_aside(found, DONE, import_reports.applied(outcome.run, outcome.told, outcome.problems))
    logger.info("import folder: file %s, %s notes", "imported" if outcome.run else "known", len(outcome.problems))
    return DONE


def give_up(found: Found) -> str:
    """Refuse a file at which we fail ourselves; somebody is told, and may put it there once more.

    One that was imported and could only not be put aside is not refused: that would say that it changed nothing.
    """
    run = _imported(found)
    if run is None:
        _refuse(found, "", _OUR_FAULT, [])
        return REFUSED
    import_folder.put_aside(found, DONE, import_reports.applied(run, "", []))
    return DONE


def _imported(found: Found) -> ImportRun | None:
    """What this file changed, if it was imported."""
    try:
        digest = imports.digest([import_folder.read(found)])
    except (AppError, OSError):
        return None
    with database.reading() as db:
        return folder_imports.run_of(db, name=found.name, digest=digest, since=found.came_at)


def _twice(upload: Upload, intake: Intake) -> _Outcome:
    """Somebody may change the school between the check and the import: then both are made anew, once."""
    try:
        return _once(upload, intake)
    except Conflict:
        return _once(upload, intake)


def _once(upload: Upload, intake: Intake) -> _Outcome:
    with database.reading() as db:
        check = imports.check(db, ACTOR, intake=intake)
        marks = school.settings(db).folder_marks_leavers and intake.format != Format.LIST
    leave = Leave.WHO_IS_MISSING if marks else Leave.WHO_IS_SAID_TO
    digest, notes = imports.digest([upload]), len(check.problems)
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        folder_imports.take_turn(db)
        made = None
        if not folder_imports.is_applied(db, digest=digest):
            made = imports.apply(db, ACTOR, seen=check, uploads=[upload], leave=leave).run
        run_id = made.id if made else None
        folder_imports.note_applied(db, ACTOR, name=upload.name, digest=digest, run_id=run_id, notes=notes)
    return _Outcome(made, check.problems, intake.told)


def _refuse(found: Found, digest: str, refusal: str, problems: list[RowProblem]) -> None:
    digest = digest or hashlib.sha256(found.key.encode()).hexdigest()
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        row = folder_imports.note_refused(
            db, ACTOR, name=found.name, digest=digest, refusal=refusal, notes=len(problems)
        )
        number = row.id if row else None
    if number is not None:
        alarms.sound([Finding(AlertKind.IMPORT_REFUSED, number)])
    import_folder.put_aside(found, REFUSED, import_reports.refused(refusal, problems))
    logger.warning("import folder: file refused, %s notes", len(problems))
