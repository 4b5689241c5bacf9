"""The list of campaigns as a file, with the columns of the page, newest first (R70). Taking it is audited."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.documents.papers import Sheet
from core.documents.sheet_files import SheetFile
from core.errors import InputProblem, NotFound
from core.models import CampaignStatus
from core.permissions import Actor, Permission
from core.rules import words
from core.rules.exports import Cell, FileFormat
from core.services import audit
from core.tables import campaigns, freshness, school
from core.tables.filters import Page

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "campaigns-csv": FileFormat.CSV,
    "campaigns-csv-plain": FileFormat.CSV,
    "campaigns-xlsx": FileFormat.XLSX,
}
HEADER = (
    *("Campaign", "Launched", "By", "What", "How", "Status", "People", "Gone", "In the outbox", "Failed"),
    *("May have been sent", "Waiting"),
)
MOST = 200_000


def prepare(db: Session, actor: Actor, *, kind: str) -> SheetFile:
    """All campaigns that the page shows; the audit says who took them, and how many."""
    actor.require(Permission.SEND)
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    number = campaigns.count(db, actor)
    if not number:
        raise InputProblem("Nothing has been sent yet, so the file would be empty.")
    freshness.require_above(db, actor, people=number)
    zone = ZoneInfo(school.settings(db).time_zone)
    rows = _rows(campaigns.newest(db, actor, page=Page(size=MOST)), zone)
    sheet = Sheet.of(KINDS[kind], HEADER, [rows], marked=not kind.endswith("-plain"))
    details = {"kind": kind, "list": "Campaigns", "rows": len(rows)}
    audit.record(db, actor, action="list.exported", details=details)
    return SheetFile(f"Campaigns {clock.now().astimezone(zone):%Y-%m-%d}.{KINDS[kind]}", sheet)


def _rows(found: pd.DataFrame, zone: ZoneInfo) -> list[list[Cell]]:
    return [
        [
            int(row.id),
            row.launched_at.astimezone(zone),
            row.launched_by_label,
            words.CAMPAIGN_KIND[row.kind],
            words.CHANNEL[row.channel],
            words.campaign_status(CampaignStatus(row.status), waiting=row.waiting),
            int(row.recipients),
            *map(int, (row.gone, row.written, row.failed, row.unknown, row.waiting)),
        ]
        for row in found.itertuples()
    ]
