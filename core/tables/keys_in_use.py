"""Which keys the database needs, and whether they are there (R93, R94)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from core import clock, keys
from core.config import command
from core.errors import SettingsError
from core.models import (
    AuditEntry,
    DirectoryChange,
    Invitation,
    MicrosoftFlow,
    PreviewPage,
    ReportRequest,
    SignInStep,
    TotpDevice,
)
from core.tables import microsoft_passwords, school


def lost() -> str:
    """What is to be done where the database was made with another key."""
    return (
        "The secret key is not the one with which this database was made. Put the right one back (secret.key in "
        "Firstkey's folder, or FIRSTKEY_SECRET_KEY) and start again. If it is lost for good: "
        f"{command('rotate-key --old-is-lost')}"
    )


def all_of_them(db: Session) -> set[str]:
    """The kids of all keys with which something in the database is verified or opened, the audit included."""
    live = sa.select(col(Invitation.kid)).where(is_live())
    tables: tuple[Any, ...] = (PreviewPage, ReportRequest, SignInStep, MicrosoftFlow, TotpDevice, AuditEntry)
    others: list[Any] = [sa.select(col(table.kid)) for table in tables]
    waits = sa.select(col(DirectoryChange.kid)).where(microsoft_passwords.is_kept())
    return {kid for kid in db.scalars(sa.union(live, waits, *others)) if kid}


def live_until(db: Session, *, but: str) -> datetime | None:
    """When the last live link or initial password of other keys than `but` ends."""
    return db.exec(select(sa.func.max(Invitation.expires_at)).where(is_live(), Invitation.kid != but)).first()


def is_live() -> sa.ColumnElement[bool]:
    """Invitations that still open something."""
    unused = (col(Invitation.used_at).is_(None), col(Invitation.superseded_at).is_(None))
    return sa.and_(*unused, col(Invitation.expires_at) > clock.now())


def is_lost(db: Session) -> bool:
    """Whether the newest entry of the audit was sealed with a key that is not here."""
    newest = db.exec(select(AuditEntry.kid).order_by(col(AuditEntry.seq).desc()).limit(1)).first()
    return newest is not None and newest not in keys.known()


def require(db: Session) -> None:
    """Refuse to run a school without its key: with another one every live link would quietly be dead (R93)."""
    if not school.settings(db).is_demo and is_lost(db):
        raise SettingsError(lost())
