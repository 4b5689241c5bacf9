"""Entries of the audit, and the answer to who saw whom, as files without formulas (R70). Taking one is audited."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.documents.papers import Sheet
from core.documents.sheet_files import SheetFile
from core.errors import Conflict, InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules import audit_words
from core.rules.exports import Cell, FileFormat
from core.services import audit, disclosures
from core.tables import audit as table
from core.tables import freshness, school
from core.tables.disclosures import Disclosure
from core.tables.filters import AuditFilter, DisclosureFilter, Page

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "audit-csv": FileFormat.CSV,
    "audit-csv-plain": FileFormat.CSV,
    "audit-xlsx": FileFormat.XLSX,
    "disclosures-csv": FileFormat.CSV,
    "disclosures-csv-plain": FileFormat.CSV,
    "disclosures-xlsx": FileFormat.XLSX,
}
ENTRIES = (
    *("Entry", "When", "Who", "Role", "What", "Whom", "Result", "Why", "From", "Session", "Request", "Details"),
    "Code",
)
ACTS = ("Entry", "When", "Who", "Role", "What", "Of those asked about", "Whom", "From")
MOST, AT_ONCE = 200_000, 5_000


def prepare(db: Session, actor: Actor, *, kind: str, asked: str) -> SheetFile:
    """What the form on the page stands for: `asked` is its filter or its question, as the page wrote it."""
    actor.require(Permission.SEE_AUDIT)
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    zone = ZoneInfo(school.settings(db).time_zone)
    sheet, name, number = _sheet(db, actor, kind, _read(asked), zone)
    freshness.require_above(db, actor, people=number)
    audit.record(db, actor, action="audit.exported", details={"kind": kind, "rows": number})
    return SheetFile(f"{name} {clock.now().astimezone(zone):%Y-%m-%d}.{KINDS[kind]}", sheet)


def _sheet(db: Session, actor: Actor, kind: str, asked: dict[str, Any], zone: ZoneInfo) -> tuple[Sheet, str, int]:
    """With its name, and how many rows it has."""
    marked = not kind.endswith("-plain")
    if kind.startswith("audit"):
        filter = AuditFilter.from_json(asked)
        first = table.shown(db, actor, filter=filter, page=Page(size=AT_ONCE), most=MOST)
        sheet = Sheet.of(KINDS[kind], ENTRIES, _entries(db, actor, filter, first, zone), marked=marked)
        return sheet, "Audit", first.total
    answer = disclosures.ask(db, actor, question=DisclosureFilter.from_json(asked))
    sheet = Sheet.of(KINDS[kind], ACTS, [_acts(answer.acts, zone)], marked=marked)
    return sheet, "Who saw whom", len(answer.acts)


def _entries(
    db: Session, actor: Actor, filter: AuditFilter, first: table.Shown, zone: ZoneInfo
) -> Iterator[list[tuple[Cell, ...]]]:
    number = first.total
    if first.read_back_to:
        raise Conflict("There is too much to look through for one person. Choose days, and export them one by one.")
    if not number:
        raise InputProblem("No entry matches, so the file would be empty. Search for something else.")
    if number > MOST:
        raise Conflict(f"More than {MOST:,} entries match. Choose fewer days, and export them one after the other.")
    yield _cells(first.rows, zone)
    for page in range(2, -(-number // AT_ONCE) + 1):
        yield _cells(table.entries(db, actor, filter=filter, page=Page(page, size=AT_ONCE)), zone)


def _cells(found: pd.DataFrame, zone: ZoneInfo) -> list[tuple[Cell, ...]]:
    return [
        (
            row.seq,
            row.at.astimezone(zone),
            row.who,
            row.role,
            row.what,
            row.whom,
            audit_words.RESULT.get(row.result, row.result),
            row.reason,
            row.ip,
            row.session,
            row.request,
            json.dumps(row.details, ensure_ascii=False, sort_keys=True) if row.details else "",
            row.action,
        )
        for row in found.itertuples()
    ]


def _acts(acts: Sequence[Disclosure], zone: ZoneInfo) -> list[tuple[Cell, ...]]:
    def here(at: datetime) -> datetime:
        return at.astimezone(zone)

    return [(act.seq, here(act.at), act.who, act.role, act.what, act.people, act.named, act.ip) for act in acts]


def _read(asked: str) -> dict[str, Any]:
    try:
        stored = json.loads(asked)
    except ValueError:
        stored = None
    if not isinstance(stored, dict):
        raise InputProblem("This form is not complete. Go back to the audit and try again.")
    return stored
