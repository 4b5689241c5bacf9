"""Reports: lists of people and slips on paper. Preparing reads and is audited; drawing comes after the transaction.

Nothing is reset or issued by printing.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.documents import press
from core.documents.papers import Paper
from core.errors import Conflict, InputProblem, NotFound
from core.permissions import Actor, Permission
from core.services import audit, report_papers, selections
from core.services.report_papers import TITLES, Contents, ReportKind
from core.services.selections import RowScope
from core.tables import school

PER_PAGE = (1, 2, 4, 8)
NEEDED = {
    ReportKind.STUDENT_ACCOUNT_INFO: Permission.PRINT_REPORTS,
    ReportKind.SLIPS: Permission.REVEAL_CREDENTIALS,
}


@dataclass(frozen=True)
class File:
    """Something to download."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Prepared:
    """A report that may be drawn: checked, read and audited."""

    name: str
    paper: Paper


def prepare(
    db: Session, actor: Actor, *, kind: str, selection_id: int, scope: RowScope, expected: int, per_page: int = 8
) -> Prepared:
    """Read what goes onto paper, and write to the audit that it did. `per_page` is for slips.

    Refuses with Conflict and the new number when the list is not as long as the person saw it, and when it is empty.
    """
    actor.require(Permission.PRINT_REPORTS)
    if kind not in TITLES:
        raise NotFound("There is no such report. Choose one from the Reports menu.")
    actor.require(NEEDED[ReportKind(kind)])
    _check_size(selections.size(db, actor, selection_id=selection_id, scope=scope), expected)
    contents = _contents(db, actor, ReportKind(kind), selection_id, scope, per_page)
    details = {"kind": kind, "count": contents.people, "people": contents.digest}
    audit.record(db, actor, action="report.printed", object_kind="selection", object_id=selection_id, details=details)
    zone = ZoneInfo(school.settings(db).time_zone)
    return Prepared(f"{TITLES[ReportKind(kind)]} {clock.now().astimezone(zone):%Y-%m-%d}.pdf", contents.paper)


def draw(prepared: Prepared) -> File:
    """The PDF, drawn in a process of its own: call it when the transaction is over."""
    return File(prepared.name, "application/pdf", press.draw(prepared.paper))


def _contents(
    db: Session, actor: Actor, kind: ReportKind, selection_id: int, scope: RowScope, per_page: int
) -> Contents:
    if kind is ReportKind.STUDENT_ACCOUNT_INFO:
        return report_papers.student_account_info(db, actor, selection_id=selection_id, scope=scope)
    if per_page not in PER_PAGE:
        raise InputProblem("Slips come by 1, 2, 4 or 8 on a page. Choose one of these.", field="per_page")
    return report_papers.credential_slips(db, actor, selection_id=selection_id, scope=scope, per_page=per_page)


def _check_size(size: int, expected: int) -> None:
    if not size:
        raise InputProblem("Nobody matches, so there is nothing to print. Choose students in the list, then try again.")
    if size != expected:
        raise Conflict(
            f"The list has changed: it now has {size:,} entries, not {expected:,}. "
            "Go back, look at the list, and print it again."
        )
