"""Reports: lists of people and slips on paper. Preparing reads and is audited; drawing comes after the transaction.

Nothing is reset or issued by printing.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock
from core.documents import press
from core.documents.papers import Paper
from core.errors import InputProblem, NotFound
from core.models import Account
from core.permissions import Actor, Permission
from core.rules import credential_checks
from core.rules.report_parameters import CredentialParameters
from core.services import audit, credential_papers, report_papers
from core.services.printed_accounts import Printed
from core.services.report_papers import TITLES, Contents, ReportKind, Rows, Told, tell_nobody
from core.tables import accounts, freshness, school, selection_rows, students
from core.tables.filters import AccountFilter, StudentFilter
from core.tables.selection_rows import RowScope

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


@dataclass(frozen=True)
class Read:
    """A report that was read and not yet audited."""

    prepared: Prepared
    kind: ReportKind
    contents: Contents
    printed: Printed | None = None  # None: without a list on screen


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
    check(db, actor, kind=kind, selection_id=selection_id, scope=scope, expected=expected, parameters=parameters)
    found = read(db, actor, kind=kind, printed=Printed(selection_id, scope, parameters))
    note(db, actor, found)
    return found.prepared


def check(
    db: Session,
    actor: Actor,
    *,
    kind: str,
    selection_id: int,
    scope: RowScope,
    expected: int,
    parameters: CredentialParameters = _ALL,
) -> str:
    """Refuse whom it is not for, and what `prepare` refuses; gives the title."""
    actor.require(Permission.PRINT_REPORTS)
    if kind not in TITLES:
        raise NotFound("There is no such report. Choose one from the Reports menu.")
    actor.require(NEEDED[ReportKind(kind)])
    if kind == ReportKind.CREDENTIALS:
        credential_checks.check(parameters)
        actor.require_fresh()
        if parameters.show_passwords:
            school.require_first_password_shown(db, actor)
    freshness.require_above(db, actor, people=expected)
    selection_rows.require_size(db, actor, selection_id=selection_id, scope=scope, expected=expected)
    return TITLES[ReportKind(kind)]


def read(db: Session, actor: Actor, *, kind: str, printed: Printed, told: Told = tell_nobody) -> Read:
    """What goes onto paper. Only reads, so a long report holds up nobody who writes; `note` must follow.

    `told` is called with the number of rows now and then.
    """
    report = ReportKind(kind)
    actor.require(NEEDED[report])
    if report is ReportKind.CREDENTIALS:
        if printed.parameters.show_passwords:  # a long one is read later than it was asked for
            school.require_first_password_shown(db, actor)
        contents = credential_papers.credentials(db, actor, printed, told)
    else:
        rows = report_papers.rows_of_selection(db, actor, selection_id=printed.selection_id, scope=printed.scope)
        contents = _OF_ROWS[report](db, actor, rows, told)
    return Read(Prepared(_file_name(db, report), contents.paper), report, contents, printed)


def note(db: Session, actor: Actor, found: Read) -> None:
    """Write to the audit, and into the timeline of whose slip it is, what was printed."""
    printed = found.printed
    if printed and found.kind is ReportKind.CREDENTIALS:
        credential_papers.remember(db, actor, printed)
    about = ("selection", printed.selection_id) if printed else ("", None)
    _audit(db, actor, found.kind, found.contents, about)


def read_for(
    db: Session, actor: Actor, *, kind: ReportKind, filter: StudentFilter | AccountFilter, called: str
) -> Read:
    """The same without a list on screen, of all whom a filter matches; `called` stands in the header."""
    actor.require(NEEDED[kind])
    if kind not in _OF_ROWS:
        raise InputProblem("Credentials are printed from the lists, where somebody has proved who they are.")
    rows = _matching(db, actor, filter, called)
    if not rows.size:
        raise InputProblem("Nobody matches, so there is nothing to print.")
    contents = _OF_ROWS[kind](db, actor, rows, tell_nobody)
    return Read(Prepared(_file_name(db, kind), contents.paper), kind, contents)


def _matching(db: Session, actor: Actor, filter: StudentFilter | AccountFilter, called: str) -> Rows:
    if isinstance(filter, StudentFilter):
        return Rows(students.matching(db, actor, filter=filter), students.count(db, actor, filter=filter), called)
    owned = sa.select(col(Account.person_id)).where(col(Account.id).in_(accounts.matching(db, actor, filter=filter)))
    return Rows(owned, accounts.count(db, actor, filter=filter), called)


def _audit(db: Session, actor: Actor, kind: ReportKind, contents: Contents, about: tuple[str, int | None]) -> None:
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


def _file_name(db: Session, kind: ReportKind) -> str:
    zone = ZoneInfo(school.settings(db).time_zone)
    return f"{TITLES[kind]} {clock.now().astimezone(zone):%Y-%m-%d}.pdf"


def make_ready_to_draw() -> None:
    """Begin to load what drawing needs, so that nobody waits for it later."""
    press.warm_up()


def draw(prepared: Prepared) -> File:
    """The PDF, drawn in a process of its own: call it when the transaction is over."""
    return File(prepared.name, "application/pdf", press.draw(prepared.paper))
