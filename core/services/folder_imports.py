"""What became of the files in the import folder."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from core import clock
from core.models import FolderImport, ImportRun
from core.permissions import Actor, Permission
from core.services import account_effects, audit

_SAID_LATELY = timedelta(hours=1)


def take_turn(db: Session) -> None:
    """Until this is stored nobody else imports from the folder: two would not see each other's file."""
    account_effects.lock(db)


def is_applied(db: Session, *, digest: str) -> bool:
    """Whether the latest import of all was of exactly this file: then it says what Firstkey knows."""
    newest = db.exec(select(ImportRun.digest).order_by(col(ImportRun.id).desc())).first()
    return newest == digest


def run_of(db: Session, *, name: str, digest: str, since: datetime) -> ImportRun | None:
    """The import of a file that came at this moment; the same file may have been imported long before."""
    same = (FolderImport.name == name, FolderImport.digest == digest, col(FolderImport.at) >= since)
    newest = db.exec(select(FolderImport).where(*same).order_by(col(FolderImport.id).desc())).first()
    return db.get(ImportRun, newest.run_id) if newest and newest.run_id else None


def note_applied(db: Session, actor: Actor, *, name: str, digest: str, run_id: int | None, notes: int) -> None:
    """The file was imported; without a run it was the same as the one before."""
    actor.require(Permission.IMPORT)
    db.add(FolderImport(at=clock.now(), name=name, digest=digest, run_id=run_id, notes=notes))
    db.flush()


def note_refused(db: Session, actor: Actor, *, name: str, digest: str, refusal: str, notes: int) -> FolderImport | None:
    """The file changed nothing, and why; None where that was said a moment ago, before it could be put aside."""
    actor.require(Permission.IMPORT)
    newest = db.exec(select(FolderImport).order_by(col(FolderImport.id).desc())).first()
    same = newest is not None and (newest.name, newest.digest, newest.refusal) == (name, digest, refusal)
    if newest and same and newest.at > clock.now() - _SAID_LATELY:
        return None
    row = FolderImport(at=clock.now(), name=name, digest=digest, refusal=refusal, notes=notes)
    db.add(row)
    db.flush()
    details = {"digest": digest, "notes": notes}
    audit.record(db, actor, action="import.refused", object_kind="folder_import", object_id=row.id, details=details)
    return row
