"""The runs of reminders that were made, as a file (R70). Taking it is audited."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.documents.papers import Sheet
from core.documents.sheet_files import SheetFile
from core.errors import InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.exports import FileFormat
from core.services import audit
from core.tables import reminders, school

KINDS = {"reminders-csv": FileFormat.CSV, "reminders-csv-plain": FileFormat.CSV, "reminders-xlsx": FileFormat.XLSX}
HEADER = ("Day", "Made", "Reminded", "Campaign", "Not reminded", "Why not")
MOST = 100_000  # days


def prepare(db: Session, actor: Actor, *, kind: str) -> SheetFile:
    """All runs, the latest first; the audit says who took them, and how many. Who was reminded is in the campaigns."""
    actor.require(Permission.SEND)
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    made = reminders.latest(db, most=MOST)
    if not made:
        raise InputProblem("No run of reminders was made yet, so the file would be empty.")
    zone = ZoneInfo(school.settings(db).time_zone)
    rows = [
        (
            run.day,
            run.made_at.astimezone(zone),
            run.reminded,
            run.campaign_id,
            sum(run.left_out.values()),
            _why(run.left_out),
        )
        for run in made
    ]
    sheet = Sheet.of(KINDS[kind], HEADER, [rows], marked=not kind.endswith("-plain"))
    details = {"kind": kind, "list": "Runs of reminders", "rows": len(rows)}
    audit.record(db, actor, action="list.exported", details=details)
    return SheetFile(f"Reminders {clock.now().astimezone(zone):%Y-%m-%d}.{KINDS[kind]}", sheet)


def _why(left_out: Mapping[str, int]) -> str:
    """The account is deactivated: 3; …"""
    return "; ".join(f"{words.GETS_NOTHING.get(reason, reason)}: {number:,}" for reason, number in left_out.items())
