"""The problems of an upload as a file, for whoever uploaded it, to be put right in the school's own system (R70).

The upload is stored nowhere, so this file cannot be read again at `/files`: it is kept as a long report is, sealed, for
ten minutes and one fetch (R44). It holds what the page shows: cells of the uploaded file, and what is wrong with them.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, keys
from core.documents.papers import Sheet
from core.documents.sheet_files import SheetFile
from core.errors import NotFound, RowProblem, Severity
from core.models import ReportPart, ReportRequest, RequestStatus
from core.permissions import Actor, Permission
from core.rules.exports import FileFormat
from core.rules.report_requests import KEPT, PART, place_of
from core.services import audit
from core.tables import report_requests as table

KINDS = {
    "import-problems-csv": FileFormat.CSV,
    "import-problems-csv-plain": FileFormat.CSV,
    "import-problems-xlsx": FileFormat.XLSX,
}
HEADER = ("File", "Row", "Column", "Value", "Kind", "What to do")
SAID = {Severity.ERROR: "Put right", Severity.WARNING: "Note"}
_TITLE = "Problems of an import"


def sheet(kind: str, problems: Sequence[RowProblem]) -> SheetFile:
    """In the order of the page: what stops the import first."""
    rows = [(one.file, one.row, one.column, one.value, SAID[one.severity], one.message) for one in problems]
    listed = Sheet.of(KINDS[kind], HEADER, [rows], marked=not kind.endswith("-plain"))
    return SheetFile(f"{_TITLE} {clock.today():%Y-%m-%d}.{KINDS[kind]}", listed)


def keep(db: Session, actor: Actor, *, kind: str, name: str, content: bytes, number: int) -> str:
    """Store it sealed, in place of an older one of the same account; gives the token of its address."""
    actor.require(Permission.IMPORT)
    if actor.account_id is None or not actor.session_id:
        raise NotFound("A file is for somebody who has signed in.")
    _forget_older(db, actor)
    token, key, pieces = secrets.token_hex(32), keys.current(), range(0, len(content), PART)
    row = ReportRequest(
        token=token,
        **table.whose(actor),
        kind=kind,
        title=_TITLE,
        people=number,
        kid=key.kid,
        asked=b"",
        status=RequestStatus.READY,
        done=number,
        name=name,
        size=len(content),
        parts=len(pieces),
        created_at=clock.now(),
        expires_at=clock.now() + KEPT,
    )
    db.add(row)
    db.flush()
    for place, begin in enumerate(pieces):
        sealed = key.seal(place_of(token, place), content[begin : begin + PART])
        db.add(ReportPart(request_id=row.id or 0, number=place, sealed=sealed))
    details = {"kind": kind, "count": number}
    audit.record(db, actor, action="report_file.asked", object_kind="report_request", object_id=row.id, details=details)
    return token


def _forget_older(db: Session, actor: Actor) -> None:
    mine = (col(ReportRequest.account_id) == actor.account_id, col(ReportRequest.kind).in_(KINDS))
    older = sa.select(col(ReportRequest.id)).where(*mine)
    db.execute(sa.delete(ReportPart).where(col(ReportPart.request_id).in_(older)))
    waiting = sa.update(ReportRequest).where(*mine, col(ReportRequest.status) == RequestStatus.READY)
    db.execute(waiting.values(status=RequestStatus.CANCELLED))
