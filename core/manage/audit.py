"""Commands about the audit."""

from __future__ import annotations

import getpass

import typer

from core import database
from core.permissions import command_line
from core.services import audit, audit_anchors

WITHOUT_NOTES = 3  # neither whole nor broken: the entries fit, and nothing tells whether they are all


def verify_audit() -> None:
    """Check that no entry of the audit was changed, removed or added behind Firstkey's back."""
    with database.reading() as db:
        verdict, unseen = audit.verify(db), audit_anchors.are_missing(db)
    if verdict.broken_at is None and unseen:
        print(f"The audit is whole {audit_anchors.UNSEEN}: {verdict.entries:,} entries.")
        raise typer.Exit(WITHOUT_NOTES)
    if verdict.broken_at is None:
        print(f"The audit is whole: {verdict.entries:,} entries.")
        return
    print(f"The audit is broken at entry {verdict.broken_at}: {verdict.why}. Copy the database and look into it.")
    raise typer.Exit(1)


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
