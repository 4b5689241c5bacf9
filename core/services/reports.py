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
from core.errors import InputProblem, NotFound
from core.permissions import Actor, Permission
from core.rules.report_parameters import CredentialParameters
from core.services import audit, report_papers, selections
from core.services.printed_accounts import Printed
from core.services.report_papers import TITLES, Contents, ReportKind, Rows
from core.services.selections import RowScope
from core.tables import freshness, school, students
from core.tables.filters import StudentFilter

NEEDED = {
    ReportKind.STUDENT_ACCOUNT_INFO: Permission.PRINT_REPORTS,
    ReportKind.USER_ACCOUNT_INFO: Permission.PRINT_REPORTS,
    ReportKind.CREDENTIALS: Permission.REVEAL_CREDENTIALS,
}

_OF_ROWS = {
    ReportKind.STUDENT_ACCOUNT_INFO: report_papers.student_account_info,
    ReportKind.USER_ACCOUNT_INFO: report_papers.user_account_info,
}
_ALL = CredentialParameters()


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
    db: Session,
    actor: Actor,
    *,
    kind: str,
    selection_id: int,
    scope: RowScope,
    expected: int,
    parameters: CredentialParameters = _ALL,
) -> Prepared:
    """Read what goes onto paper, and write to the audit that it did. `parameters` are for credentials.

    Refuses with Conflict and the new number when the list is not as long as the person saw it, and when it is empty.
    """
    actor.require(Permission.PRINT_REPORTS)
    if kind not in TITLES:
        raise NotFound("There is no such report. Choose one from the Reports menu.")
    actor.require(NEEDED[ReportKind(kind)])
    if kind == ReportKind.CREDENTIALS:
        _check_fresh(db, actor, parameters)
    selections.require_size(db, actor, selection_id=selection_id, scope=scope, expected=expected)
    contents = _contents(db, actor, ReportKind(kind), selection_id, scope, parameters)
    return _prepared(db, actor, ReportKind(kind), contents, ("selection", selection_id))


def prepare_for_students(
    db: Session, actor: Actor, *, kind: ReportKind, filter: StudentFilter, called: str
) -> Prepared:
    """The same without a list on screen, of the students of a filter; `called` stands in the header."""
    actor.require(NEEDED[kind])
    if kind not in _OF_ROWS:
        raise InputProblem("Credentials are printed from the lists, where somebody has proved who they are.")
    people = students.matching(db, actor, filter=filter)
    rows = Rows(people, students.count(db, actor, filter=filter), called)
    if not rows.size:
        raise InputProblem("No student matches, so there is nothing to print.")
    return _prepared(db, actor, kind, _OF_ROWS[kind](db, actor, rows), ("", None))


def _prepared(
    db: Session, actor: Actor, kind: ReportKind, contents: Contents, about: tuple[str, int | None]
) -> Prepared:
    details = {"kind": kind.value, "count": contents.people}
    audit.record(
        db,
        actor,
        action="report.printed",
        object_kind=about[0],
        object_id=about[1],
        details=details,
        people=contents.ids,
    )
    zone = ZoneInfo(school.settings(db).time_zone)
    return Prepared(f"{TITLES[kind]} {clock.now().astimezone(zone):%Y-%m-%d}.pdf", contents.paper)


def draw(prepared: Prepared) -> File:
    """The PDF, drawn in a process of its own: call it when the transaction is over."""
    return File(prepared.name, "application/pdf", press.draw(prepared.paper))


def _contents(
    db: Session, actor: Actor, kind: ReportKind, selection_id: int, scope: RowScope, parameters: CredentialParameters
) -> Contents:
    if kind is ReportKind.CREDENTIALS:
        return report_papers.credentials(db, actor, Printed(selection_id, scope, parameters))
    rows = report_papers.rows_of_selection(db, actor, selection_id=selection_id, scope=scope)
    return _OF_ROWS[kind](db, actor, rows)


def _check_fresh(db: Session, actor: Actor, parameters: CredentialParameters) -> None:
    """R31: passwords go onto paper only for who has just shown who they are."""
    if parameters.show_passwords:
        school.require_first_password_shown(db)
    if parameters.show_passwords and not freshness.is_fresh(db, actor):
        raise InputProblem("Type your password again in the window of this report, then download it.")
