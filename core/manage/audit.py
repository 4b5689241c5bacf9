"""Commands about the audit."""

from __future__ import annotations

import typer

from core import database
from core.services import audit


def verify_audit() -> None:
    """Check that no entry of the audit was changed, removed or added behind Firstkey's back."""
    with database.reading() as db:
        verdict = audit.verify(db)
    if verdict.broken_at is None:
        print(f"The audit is whole: {verdict.entries:,} entries.")
        return
    print(f"The audit is broken at entry {verdict.broken_at}: {verdict.why}. Copy the database and look into it.")
    raise typer.Exit(1)


COMMANDS = {"verify-audit": verify_audit}
