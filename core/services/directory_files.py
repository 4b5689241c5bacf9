"""What became of a round in Microsoft 365, by person, as a file: all of those on whom the page has something to say."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.documents.papers import Sheet
from core.documents.sheet_files import SheetFile
from core.errors import InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules import directory_words
from core.rules.exports import FileFormat
from core.rules.microsoft_accounts import NotCreated
from core.services import audit
from core.tables import directory_outcome, freshness, school

KINDS = {
    "directory-outcome-csv": FileFormat.CSV,
    "directory-outcome-csv-plain": FileFormat.CSV,
    "directory-outcome-xlsx": FileFormat.XLSX,
}
HEADER = ("Last name", "First name", "Code", "Address", "Why")
MOST = 200_000


def prepare(db: Session, actor: Actor, *, kind: str, run_id: int) -> SheetFile:
    """The people of one round who are to be looked at; the audit says who took them, and whom."""
    actor.require(Permission.MANAGE_DIRECTORY)
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    found = directory_outcome.not_done(db, actor, run_id=run_id, most=MOST)
    if found.empty:
        raise InputProblem("Nobody of this round is to be looked at, so the file would be empty.")
    freshness.require_above(db, actor, people=len(found))
    rows = [
        (row.last_name, row.first_name, row.source_id, row.address, directory_words.NOT_CREATED[NotCreated(row.reason)])
        for row in found.itertuples()
    ]
    sheet = Sheet.of(KINDS[kind], HEADER, [rows], marked=not kind.endswith("-plain"))
    people = [int(person_id) for person_id in found["id"]]
    details = {"kind": kind, "list": "Round in Microsoft 365", "count": len(rows)}
    audit.record(db, actor, action="list.exported", details=details, people=people)
    zone = ZoneInfo(school.settings(db).time_zone)
    return SheetFile(f"Microsoft 365 round {run_id} {clock.now().astimezone(zone):%Y-%m-%d}.{KINDS[kind]}", sheet)
