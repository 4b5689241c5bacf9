"""What became of each person who was chosen for a campaign, as a file: who was left out stands at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.documents import press
from core.documents.papers import Sheet
from core.errors import InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules import exports, words
from core.rules.exports import Cell, FileFormat
from core.services import audit
from core.tables import campaigns, freshness, left_out, school
from core.tables.filters import Page

if TYPE_CHECKING:
    import pandas as pd

KINDS = {
    "campaign-outcome-csv": FileFormat.CSV,
    "campaign-outcome-csv-plain": FileFormat.CSV,
    "campaign-outcome-xlsx": FileFormat.XLSX,
}
HEADER = ("Last name", "First name", "Username", "Address", "Outcome", "Why", "More", "Tries", "When")
MOST = 200_000
_EMPTY = "This campaign has no messages, so there is nothing to export."


@dataclass(frozen=True)
class OutcomeRows:
    """Read and audited; written to a file when the transaction is over."""

    name: str
    kind: str
    rows: list[list[Cell]] = field(repr=False)

    @property
    def file_format(self) -> FileFormat:
        return KINDS[self.kind]

    @property
    def marked(self) -> bool:
        return not self.kind.endswith("-plain")

    @property
    def media_type(self) -> str:
        return exports.MEDIA_TYPES[self.file_format]

    def content(self) -> bytes:
        return press.draw(Sheet.of(self.file_format, HEADER, [self.rows], marked=self.marked))


def prepare(db: Session, actor: Actor, *, kind: str, campaign_id: int) -> OutcomeRows:
    """The rows of one campaign within the actor's scope; the audit says who took them, and how many."""
    check(db, actor, kind=kind, campaign_id=campaign_id)
    found = read(db, actor, kind=kind, campaign_id=campaign_id)
    note(db, actor, found, campaign_id=campaign_id)
    return found


def check(db: Session, actor: Actor, *, kind: str, campaign_id: int) -> str:
    """Refuse whom it is not for, and what `prepare` refuses; gives the title."""
    actor.require(Permission.SEND)
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    total = count(db, actor, campaign_id=campaign_id)
    if not total:
        raise InputProblem(_EMPTY)
    freshness.require_above(db, actor, people=total)
    return f"Outcome of campaign {campaign_id}"


def count(db: Session, actor: Actor, *, campaign_id: int) -> int:
    """How many people the file tells of: those with a message, and those who were left out."""
    actor.require(Permission.SEND)
    _, written_to = campaigns.outcome(db, actor, campaign_id=campaign_id, statuses=(), page=Page(size=1))
    return written_to + left_out.count(db, actor, campaign_id=campaign_id)


def read(db: Session, actor: Actor, *, kind: str, campaign_id: int) -> OutcomeRows:
    """The rows of one campaign within the actor's scope. Only reads; `note` must follow."""
    actor.require(Permission.SEND)
    if kind not in KINDS:
        raise NotFound("There is no such file.")
    everybody = Page(size=MOST)
    found, _ = campaigns.outcome(db, actor, campaign_id=campaign_id, statuses=(), page=everybody)
    others = left_out.page(db, actor, campaign_id=campaign_id, page=everybody)
    if found.empty and others.empty:
        raise InputProblem(_EMPTY)
    zone = ZoneInfo(school.settings(db).time_zone)
    name = f"Campaign {campaign_id} {clock.now().astimezone(zone):%Y-%m-%d}.{KINDS[kind]}"
    return OutcomeRows(name, kind, _rows(found, zone) + _left_out(others))


def note(db: Session, actor: Actor, found: OutcomeRows, *, campaign_id: int) -> None:
    """Write to the audit who took how many rows."""
    details = {"kind": found.kind, "count": len(found.rows)}
    audit.record(db, actor, action="outcome.exported", object_kind="campaign", object_id=campaign_id, details=details)


def _rows(found: pd.DataFrame, zone: ZoneInfo) -> list[list[Cell]]:
    said = {str(status): word for status, word in words.MESSAGE_STATUS.items()}
    why = {str(reason): word for reason, word in words.FAILURE_REASON.items()}
    return [
        [
            row.last_name,
            row.first_name,
            row.username,
            row.address,
            said.get(row.status, row.status),
            why.get(row.reason, row.reason) if row.reason else "",
            row.detail or "",
            int(row.attempts),
            row.finished_at.astimezone(zone) if row.finished_at else None,
        ]
        for row in found.itertuples()
    ]


def _left_out(found: pd.DataFrame) -> list[list[Cell]]:
    return [
        [
            row.last_name,
            row.first_name,
            row.username or "",
            "",
            words.LEFT_OUT_OF_CAMPAIGN,
            words.GETS_NOTHING.get(row.reason, row.reason),
            "",
            0,
            None,
        ]
        for row in found.itertuples()
    ]
