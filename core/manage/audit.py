"""Commands about the audit."""

from __future__ import annotations

import getpass
from dataclasses import replace
from typing import Annotated

import typer

from core import database
from core.errors import InputProblem
from core.permissions import command_line
from core.services import audit, audit_anchors

WITHOUT_NOTES = 3  # neither whole nor broken: the entries fit, and nothing tells whether they are all


def verify_audit(
    noted: Annotated[
        typer.FileText | None,
        typer.Option(
            "--noted", help="Notes kept elsewhere: lines of a log host, or a copied audit.anchors; - reads them."
        ),
    ] = None,
) -> None:
    """Check that no entry of the audit was changed, removed or added behind Firstkey's back."""
    elsewhere = audit_anchors.written(noted) if noted else []
    if noted and not elsewhere:
        raise InputProblem("There is no note of the audit in it. Look for lines with “audit noted”.")
    with database.reading() as db:
        verdict, misfit = audit.verify(db), audit_anchors.misfit(db, elsewhere)
        unseen = not elsewhere and audit_anchors.are_missing(db)
    if misfit and (verdict.broken_at is None or misfit.seq < verdict.broken_at):
        verdict = replace(verdict, broken_at=misfit.seq, why=misfit.why)
    if verdict.broken_at is not None:
        print(f"The audit is broken at entry {verdict.broken_at}: {verdict.why}. Copy the database and look into it.")
        raise typer.Exit(1)
    known = audit_anchors.UNSEEN if unseen else f"and as noted elsewhere, {len(elsewhere):,} times" if elsewhere else ""
    print(f"The audit is whole{known and f' {known}'}: {verdict.entries:,} entries.")
    if unseen:
        raise typer.Exit(WITHOUT_NOTES)


def note_audit_anew() -> None:
    """After a backup was restored: set aside what this machine noted of newer entries, and begin anew."""
    kept = audit_anchors.set_aside()
    with database.transaction(wait_ms=database.WORKER_WAIT_MS) as db:
        audit.record(db, command_line(getpass.getuser()), action="audit.noted_anew")
    with database.reading() as db:
        audit_anchors.drop(db)
    print(f"The old notes are kept as {kept.name}." if kept else "There were no notes yet.")
    print("From now on the audit is noted as it is. Check it with: verify-audit")


COMMANDS = {"verify-audit": verify_audit, "note-audit-anew": note_audit_anew}
